"""Volatility over windows (features 20-25): how far the price moves, and from where."""

import math

import numpy as np

from kaidan.features.ohlcv import Columns, Ohlcv
from kaidan.features.ratios import ratio
from kaidan.features.windows import deviation, mean, shifted


def bollinger(bars: Ohlcv) -> Columns:
    """Middle, place in, and width of the bands (20 bars, 2 deviations); distance in deviations.

    The deviation divides by n, as Bollinger does.
    """
    middle = mean(bars.close, 20)
    sigma = deviation(bars.close, 20, ddof=0)
    zscore = ratio(bars.close - middle, sigma, neutral=0.0)
    return {
        "sma_20": middle,
        "bb_position": 0.5 + zscore / 4.0,
        "bb_width": 4.0 * sigma / middle,
        "zscore": zscore,
    }


def volatility(bars: Ohlcv, n: int) -> Columns:
    """Deviation of the last `n` log returns, an estimate from a sample: it divides by n - 1."""
    log_close = np.log(bars.close)
    return {f"volatility_{n}": deviation(log_close - shifted(log_close, 1), n, ddof=1)}


def parkinson(bars: Ohlcv) -> Columns:
    """Volatility per bar from the ranges of 20 bars.

    Parkinson, M. (1980). The extreme value method for estimating the variance of the rate of
    return. Journal of Business 53(1), 61-65.
    """
    squared_range = np.log(bars.high / bars.low) ** 2
    return {"parkinson_20": np.sqrt(mean(squared_range, 20) / (4.0 * math.log(2.0)))}
