import numpy as np
import pandas as pd
import pytest

from kaidan.market.bars import check_bars
from kaidan.market.gaps import find_gaps
from kaidan.market.macro import as_known, check_macro
from kaidan.market.sample import sample_bars, sample_macro


@pytest.fixture(scope="module")
def bars():
    return sample_bars()


@pytest.fixture(scope="module")
def returns(bars):
    return np.log(bars["close"]).diff()


def test_sample_bars_pass_the_door(bars):
    pd.testing.assert_frame_equal(check_bars(bars), bars)


def test_sample_macro_passes_the_door():
    macro = sample_macro()
    pd.testing.assert_frame_equal(check_macro(macro), macro, check_freq=False)


def test_the_same_seed_gives_the_same_market():
    pd.testing.assert_frame_equal(sample_bars(20), sample_bars(20))
    pd.testing.assert_frame_equal(sample_macro(20), sample_macro(20))


def test_another_seed_gives_another_market():
    assert not sample_bars(20, seed=8)["close"].equals(sample_bars(20)["close"])
    assert not sample_macro(20, seed=8)["usd_jpy"].equals(sample_macro(20)["usd_jpy"])


def test_the_end_does_not_depend_on_the_clock(bars):
    assert bars.index[-1] == pd.Timestamp("2025-12-31T23:45Z")
    assert sample_macro().index[-1] == pd.Timestamp("2025-12-31")


def test_macro_series_begin_early_enough_for_thirty_days_of_correlation(bars):
    lead = bars.index[0] - sample_macro().index[0].tz_localize("UTC")
    assert lead >= pd.Timedelta(days=60)


def test_the_faults_are_where_they_are_said_to_be(bars):
    report = find_gaps(bars)
    assert (report.n_bars, report.n_missing, report.n_filler) == (400 * 96 - 5, 5, 4)
    end = pd.Timestamp("2026-01-01", tz="UTC")
    assert pd.Timestamp(report.first_gaps[0].start) == end - pd.Timedelta(days=150)
    assert bars.index[bars["volume"] == 0][0] == end - pd.Timedelta(days=100)


def test_a_short_sample_has_no_faults():
    report = find_gaps(sample_bars(30))
    assert (report.n_bars, report.n_missing, report.n_filler) == (30 * 96, 0, 0)


def test_macro_series_have_weekends_holidays_and_an_outage():
    macro = sample_macro()
    assert macro.loc[macro.index.day_of_week >= 5, "usd_jpy"].isna().all()
    assert macro.loc["2025-12-25", ["usd_jpy", "nikkei_225", "us_10y_yield"]].isna().all()
    assert macro["fear_greed_index"].isna().sum() == 3


def test_more_than_half_of_the_four_hour_returns_stay_below_half_a_percent(bars):
    held = (np.log(bars["close"]).diff(16).abs() < 0.005).mean()
    assert 0.5 < held < 0.7


def test_volatility_clusters_and_tails_are_fat(returns):
    assert returns.abs().autocorr(1) > 0.15
    assert returns.abs().autocorr(16) > 0.08
    assert abs(returns.autocorr(1)) < 0.1
    assert returns.kurt() > 3


def test_the_american_session_is_the_busiest(bars, returns):
    by_hour = returns.abs().groupby(returns.index.hour).mean()
    volume = bars["volume"].groupby(bars.index.hour).mean()
    assert by_hour.loc[13:16].mean() > 1.3 * by_hour.loc[4:7].mean()
    assert volume.loc[13:16].mean() > 1.3 * volume.loc[4:7].mean()


def test_a_stretched_price_tends_back(bars):
    close = bars["close"]
    stretch = (close - close.rolling(20).mean()) / close.rolling(20).std()
    ahead = np.log(close).diff(16).shift(-16)
    assert -0.35 < stretch.corr(ahead) < -0.08


def test_a_weaker_yen_pushes_the_price_up(bars):
    change = sample_macro()["usd_jpy"].dropna().pct_change()
    macro = sample_macro()[["usd_jpy"]].assign(usd_jpy=change)
    known = as_known(macro, bars.index, max_age_days=5)["usd_jpy"]
    ahead = np.log(bars["close"]).diff(16).shift(-16)
    assert 0.03 < known.corr(ahead) < 0.35
