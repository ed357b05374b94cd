import math

import numpy as np
import pytest
import talib

from kaidan.features.ohlcv import as_ohlcv
from kaidan.features.technical import technical_features


@pytest.fixture(scope="module")
def columns(bars):
    return technical_features(as_ohlcv(bars))


def test_the_true_range_is_averaged_as_wilder_does(bars, columns):
    before = bars["close"].shift(1)
    true_range = np.maximum(bars["high"], before) - np.minimum(bars["low"], before)
    average = 0.0
    for value in true_range.iloc[1:]:
        average += (value - average) / 14
    assert columns["atr_14"][-1] == pytest.approx(average, rel=1e-9)
    assert columns["natr_14"][-1] == pytest.approx(100 * average / bars["close"].iloc[-1])


def test_bollinger_bands_use_the_population_deviation(bars, columns):
    close = bars["close"]
    middle, sigma = close.rolling(20).mean(), close.rolling(20).std(ddof=0)
    lower, upper = middle - 2 * sigma, middle + 2 * sigma
    np.testing.assert_allclose(columns["bb_position"], (close - lower) / (upper - lower))
    np.testing.assert_allclose(columns["bb_width"], (upper - lower) / middle)
    np.testing.assert_allclose(columns["zscore"], (close - middle) / sigma, atol=1e-9)


def test_bollinger_bands_agree_with_talib(bars, columns):
    upper, middle, lower = talib.BBANDS(bars["close"].to_numpy(), 20, 2.0, 2.0)
    np.testing.assert_allclose(columns["bb_width"], (upper - lower) / middle, rtol=1e-6)


def test_volatility_is_the_sample_deviation_of_returns(bars, columns):
    returns = np.log(bars["close"]).diff()
    for n in (16, 96):
        np.testing.assert_allclose(columns[f"volatility_{n}"], returns.rolling(n).std(ddof=1))


def test_parkinson_reads_the_ranges(bars, columns):
    squares = np.log(bars["high"] / bars["low"])[-20:] ** 2
    expected = math.sqrt(squares.mean() / (4 * math.log(2)))
    assert columns["parkinson_20"][-1] == pytest.approx(expected)


def test_a_market_that_does_not_move_has_no_volatility_and_sits_in_the_middle(flat_bars):
    last = {name: column[-1] for name, column in technical_features(as_ohlcv(flat_bars)).items()}
    assert last["bb_position"] == 0.5
    for name in ("bb_width", "zscore", "volatility_16", "volatility_96", "parkinson_20"):
        assert last[name] == 0.0, name
