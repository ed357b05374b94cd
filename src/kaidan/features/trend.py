"""Trend over windows (features 29, 30, 32-34): means of the price, and the close against them."""

import numpy as np

from kaidan.features.ohlcv import Columns, Ohlcv
from kaidan.features.windows import mean, slope, weighted_mean


def simple_mean(bars: Ohlcv) -> Columns:
    """Mean close of 200 bars, and the distance of the close from it."""
    sma_200 = mean(bars.close, 200)
    return {"sma_200": sma_200, "close_to_sma_200": bars.close / sma_200 - 1.0}


def volume_weighted_mean(bars: Ohlcv) -> Columns:
    """Mean typical price of 96 bars by volume, and the distance of the close from it."""
    vwap = weighted_mean(bars.typical, bars.volume, 96)
    return {"vwap_96": vwap, "close_to_vwap_96": bars.close / vwap - 1.0}


def log_slope(bars: Ohlcv) -> Columns:
    """Slope per bar of the line through the log closes of 20 bars."""
    return {"slope_20": slope(np.log(bars.close), 20)}
