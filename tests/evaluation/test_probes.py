import numpy as np
import pandas as pd
import pytest

from kaidan.errors import UsageError
from kaidan.evaluation.probes import Leak, probe_features
from kaidan.market.macro import as_known

CUTS = [40, 100, 150]


@pytest.fixture(scope="module")
def bars():
    rng = np.random.default_rng(8)
    close = 100.0 + rng.normal(size=200).cumsum()
    columns = {"open": close, "high": close + 1, "low": close - 1, "close": close, "volume": 1.0}
    index = pd.date_range("2024-03-04", periods=200, freq="15min", tz="UTC").rename("timestamp")
    return pd.DataFrame(columns, index=index)


@pytest.fixture(scope="module")
def macro():
    days = pd.date_range("2024-03-01", "2024-03-10").rename("date")
    rates = pd.DataFrame({"usd_jpy": np.linspace(140.0, 150.0, 10)}, index=days)
    return rates.assign(nikkei_225=3e4, us_10y_yield=4.0, fear_greed_index=50.0)


def leaks(generate, bars, macro=None):
    return probe_features(generate, bars, macro, cuts=CUTS, seed=1)


def test_features_of_the_past_are_clean(bars, macro):
    def past(bars, macro):
        closed = bars.index + pd.Timedelta(minutes=15)
        rate = as_known(macro, closed, 5.0)["usd_jpy"].to_numpy()
        return pd.DataFrame({"change": bars["close"].diff(), "rate": rate}, index=bars.index)

    assert leaks(past, bars, macro) == ()


@pytest.mark.parametrize(
    "leak",
    [
        lambda close: close.pct_change().shift(-1),
        lambda close: close.rolling(5, center=True).mean(),
        lambda close: close - close.mean(),
        lambda close: close.rolling(4).mean().bfill(),
        lambda close: (close - close.min()) / (close.max() - close.min()),
    ],
    ids=["shifted", "centred", "mean of all", "back-filled", "scaled by all"],
)
def test_a_planted_leak_is_found_and_named(bars, leak):
    def generate(bars, _macro):
        return pd.DataFrame({"clean": bars["close"], "leak": leak(bars["close"])})

    found = probe_features(generate, bars, None, cuts=[1, *CUTS], seed=1)
    assert {one.feature for one in found} == {"leak"}


def test_macro_joined_by_calendar_date_is_found(bars, macro):
    def by_date(bars, macro):
        rate = macro["usd_jpy"].reindex(bars.index.tz_localize(None).normalize())
        return pd.DataFrame({"rate": rate.to_numpy()}, index=bars.index)

    assert {(leak.feature, leak.kind) for leak in leaks(by_date, bars, macro)} == {
        ("rate", "truncate"),
        ("rate", "perturb"),
    }


def test_a_leak_that_only_another_future_shows_is_found(bars):
    def generate(bars, _macro):
        # With the future cut off, the last bar is its own future and nothing shows.
        ends_higher = bars["close"].iloc[-1] > bars["close"] + 20.0
        return pd.DataFrame({"ends_higher": ends_higher.astype(float)})

    assert {leak.kind for leak in leaks(generate, bars)} == {"perturb"}


def test_rows_that_only_a_longer_history_has_are_a_leak(bars):
    def generate(bars, _macro):
        return bars[["close"]].iloc[: len(bars) // 150 * 150 + 1]

    assert {leak.kind for leak in leaks(generate, bars)} == {"truncate"}


def test_rounding_is_no_leak(bars):
    def generate(bars, _macro):
        return pd.DataFrame({"close": bars["close"] * (1 + 1e-13 * len(bars))})

    assert leaks(generate, bars) == ()


def test_a_cut_without_a_future_or_without_features_is_refused(bars):
    def generate(bars, _macro):
        return bars[["close"]].iloc[10:]

    for cut in (5, 199, 200, -1):
        with pytest.raises(UsageError, match="cannot cut"):
            probe_features(generate, bars, None, cuts=[cut], seed=1)


def test_a_leak_says_what_it_is_in_one_line():
    leak = Leak("rsi_14", 40, "truncate", got=51.0, wanted=50.0)
    assert str(leak) == "rsi_14 sees past bar 40 (truncate): got 51, wanted 50"
