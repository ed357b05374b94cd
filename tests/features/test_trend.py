import numpy as np
import pytest
import talib

from kaidan.features.ohlcv import as_ohlcv
from kaidan.features.technical import technical_features


@pytest.fixture(scope="module")
def columns(bars):
    return technical_features(as_ohlcv(bars))


def test_exponential_means_forget_geometrically(bars, columns):
    close = bars["close"]
    fast = close.ewm(span=20, adjust=False).mean().iloc[-1]
    slow = close.ewm(span=50, adjust=False).mean().iloc[-1]
    assert columns["ema_20"][-1] == pytest.approx(fast, rel=1e-9)
    assert columns["ema_50"][-1] == pytest.approx(slow, rel=1e-9)
    assert columns["ema_spread"][-1] == pytest.approx((fast - slow) / close.iloc[-1], rel=1e-6)


def test_simple_means_and_the_distance_to_them(bars, columns):
    close = bars["close"]
    np.testing.assert_allclose(columns["sma_20"], close.rolling(20).mean())
    np.testing.assert_allclose(columns["sma_200"], close.rolling(200).mean())
    expected = close / close.rolling(200).mean() - 1
    np.testing.assert_allclose(columns["close_to_sma_200"], expected, atol=1e-12)


def test_the_volume_weighted_price_rolls_over_a_day(bars, columns):
    typical = (bars["high"] + bars["low"] + bars["close"]) / 3
    day = slice(-96, None)
    expected = np.average(typical[day], weights=bars["volume"][day])
    assert columns["vwap_96"][-1] == pytest.approx(expected)
    distance = bars["close"].iloc[-1] / expected - 1
    assert columns["close_to_vwap_96"][-1] == pytest.approx(distance, rel=1e-9)


def test_the_slope_is_that_of_the_log_price(bars, columns):
    log_close = np.log(bars["close"].to_numpy())
    expected = np.polyfit(np.arange(20), log_close[-20:], 1)[0]
    assert columns["slope_20"][-1] == pytest.approx(expected)
    np.testing.assert_allclose(
        columns["slope_20"], talib.LINEARREG_SLOPE(log_close, 20), atol=1e-13
    )


def test_a_day_without_volume_is_weighted_evenly(bars):
    typical = (bars["high"] + bars["low"] + bars["close"]) / 3
    column = technical_features(as_ohlcv(bars.assign(volume=0.0)))["vwap_96"]
    np.testing.assert_allclose(column, typical.rolling(96).mean())


def test_a_market_that_does_not_move_has_no_trend(flat_bars):
    last = {name: column[-1] for name, column in technical_features(as_ohlcv(flat_bars)).items()}
    for name in ("close_to_sma_200", "slope_20"):
        assert last[name] == 0.0, name
    # (H + L + C) / 3 of three equal prices is off by a rounding, and no more.
    assert abs(last["close_to_vwap_96"]) < 1e-15
    assert abs(last["ema_spread"]) < 1e-12
