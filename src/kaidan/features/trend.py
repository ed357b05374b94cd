"""Trend (features 26-34): averages of the price, and where the close stands against them."""

import numpy as np
import talib

from kaidan.features.ohlcv import Array, Columns, Ohlcv
from kaidan.features.windows import mean, slope, weighted_mean


def trend_features(bars: Ohlcv) -> Columns:
    """Exponential, simple and volume-weighted means, their distances, and the log-price slope."""
    close = bars.close
    sma_200 = mean(close, 200)
    vwap = weighted_mean(bars.typical, bars.volume, 96)
    return {
        **exponential_means(close),
        "sma_20": mean(close, 20),
        "sma_200": sma_200,
        "vwap_96": vwap,
        "close_to_sma_200": close / sma_200 - 1.0,
        "close_to_vwap_96": close / vwap - 1.0,
        "slope_20": slope(np.log(close), 20),
    }


def exponential_means(close: Array) -> Columns:
    """EMAs over 20 and 50 bars, and their difference as a share of the close."""
    fast = talib.EMA(close, 20)
    slow = talib.EMA(close, 50)
    return {"ema_20": fast, "ema_50": slow, "ema_spread": (fast - slow) / close}
