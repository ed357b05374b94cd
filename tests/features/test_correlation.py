import numpy as np
import pandas as pd
import pytest

from kaidan.features.correlation import daily_correlation
from kaidan.market.macro import known_at

QUARTER = pd.Timedelta(minutes=15)


def plain(values, bars, at):
    """The definition, for one instant."""
    present = values.dropna()
    known = known_at(pd.DatetimeIndex(present.index), "usd_jpy")
    pairs = []
    for i in range(1, len(present)):
        if known[i - 1] > at - pd.Timedelta(days=30) and known[i] <= at:
            prices = []
            for time in (known[i - 1], known[i]):
                closed = bars["close"][bars.index + QUARTER <= time]
                if len(closed):
                    prices.append(closed.iloc[-1])
            if len(prices) == 2:
                pairs.append(
                    (np.log(present.iloc[i] / present.iloc[i - 1]), np.log(prices[1] / prices[0]))
                )
    return np.corrcoef(np.transpose(pairs))[0, 1] if len(pairs) >= 10 else np.nan


@pytest.fixture(scope="module")
def long_bars(make_bars):
    return make_bars(96 * 50)


def test_each_value_is_what_the_definition_gives(long_bars, macro):
    closed_at = long_bars.index + QUARTER
    got = daily_correlation(macro["usd_jpy"], closed_at, long_bars["close"].to_numpy())
    for row in [500, 1300, 1400, 1500, 2944, 2945, 3000, 4000, 4799]:
        expected = plain(macro["usd_jpy"], long_bars, closed_at[row])
        assert got[row] == pytest.approx(expected, nan_ok=True), row
    assert np.isnan(got[500])
    assert np.isfinite(got[1600:]).all()


def test_it_changes_only_when_a_value_is_published_or_leaves_the_window(long_bars, macro):
    closed_at = long_bars.index + QUARTER
    got = daily_correlation(macro["usd_jpy"], closed_at, long_bars["close"].to_numpy())
    changes = closed_at[1600:][np.diff(got[1599:]) != 0.0]
    assert set(changes.hour * 60 + changes.minute) <= {17 * 60}


def test_a_series_that_does_not_move_is_uncorrelated(long_bars, macro):
    still = macro["usd_jpy"].mask(macro["usd_jpy"].notna(), 150.0)
    got = daily_correlation(still, long_bars.index + QUARTER, long_bars["close"].to_numpy())
    assert got[-1] == 0.0


def test_a_series_without_values_has_no_correlation(long_bars, macro):
    none = macro["usd_jpy"] * np.nan
    got = daily_correlation(none, long_bars.index + QUARTER, long_bars["close"].to_numpy())
    assert np.isnan(got).all()
