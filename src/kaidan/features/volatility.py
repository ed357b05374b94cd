"""Volatility (features 18-25): how far the price moves, and how far it is from its usual place."""

import math

import numpy as np
import talib

from kaidan.features.ohlcv import Array, Columns, Ohlcv
from kaidan.features.ratios import ratio
from kaidan.features.windows import deviation, mean, shifted


def volatility_features(bars: Ohlcv) -> Columns:
    """Average true range, Bollinger bands and standard deviations of returns.

    Bollinger's deviation divides by n, as its author does; `volatility_*` are estimates from a
    sample of returns and divide by n - 1.
    """
    log_close = np.log(bars.close)
    returns = log_close - shifted(log_close, 1)
    return {
        **average_true_range(bars),
        **bollinger(bars.close),
        "volatility_16": deviation(returns, 16, ddof=1),
        "volatility_96": deviation(returns, 96, ddof=1),
        "parkinson_20": parkinson(bars),
    }


def average_true_range(bars: Ohlcv) -> Columns:
    """Wilder's average true range over 14 bars, and the same in percent of the close."""
    atr = talib.ATR(bars.high, bars.low, bars.close, 14)
    return {"atr_14": atr, "natr_14": 100.0 * atr / bars.close}


def bollinger(close: Array) -> Columns:
    """Place in, and width of, the bands (20 bars, 2 deviations); and the distance in deviations."""
    middle = mean(close, 20)
    sigma = deviation(close, 20, ddof=0)
    zscore = ratio(close - middle, sigma, neutral=0.0)
    return {
        "bb_position": 0.5 + zscore / 4.0,
        "bb_width": 4.0 * sigma / middle,
        "zscore": zscore,
    }


def parkinson(bars: Ohlcv) -> Array:
    """Volatility per bar from the ranges of 20 bars.

    Parkinson, M. (1980). The extreme value method for estimating the variance of the rate of
    return. Journal of Business 53(1), 61-65.
    """
    squared_range = np.log(bars.high / bars.low) ** 2
    return np.sqrt(mean(squared_range, 20) / (4.0 * math.log(2.0)))
