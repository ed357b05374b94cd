import numpy as np
import pandas as pd
import pytest

from kaidan.features.correlation import daily_correlation
from kaidan.market.known_macro import KnownMacro
from kaidan.market.macro import known_at

QUARTER = pd.Timedelta(minutes=15)


def correlation(macro, bars):
    """At the close of each bar."""
    closed_at = (bars.index + QUARTER).as_unit("s").asi8
    series = KnownMacro.from_frame(macro)["usd_jpy"]
    return daily_correlation(series, closed_at, bars["close"].to_numpy(), closed_at)


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
    got = correlation(macro, long_bars)
    for row in [500, 1300, 1400, 1500, 2944, 2945, 3000, 4000, 4799]:
        expected = plain(macro["usd_jpy"], long_bars, closed_at[row])
        assert got[row] == pytest.approx(expected, nan_ok=True), row
    assert np.isnan(got[500])
    assert np.isfinite(got[1600:]).all()


def test_it_changes_only_when_a_value_is_published_or_leaves_the_window(long_bars, macro):
    closed_at = long_bars.index + QUARTER
    got = correlation(macro, long_bars)
    changes = closed_at[1600:][np.diff(got[1599:]) != 0.0]
    assert set(changes.hour * 60 + changes.minute) <= {17 * 60}


def test_a_series_that_does_not_move_is_uncorrelated(long_bars, macro):
    still = macro.assign(usd_jpy=macro["usd_jpy"].mask(macro["usd_jpy"].notna(), 150.0))
    assert correlation(still, long_bars)[-1] == 0.0


def test_a_series_without_values_has_no_correlation(long_bars, macro):
    assert np.isnan(correlation(macro.assign(usd_jpy=np.nan), long_bars)).all()
