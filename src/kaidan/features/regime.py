"""Regime (features 39-42): is there a trend at all, and how straight is it."""

import numpy as np
import talib

from kaidan.features.ohlcv import Array, Columns, Ohlcv
from kaidan.features.ratios import ratio
from kaidan.features.windows import shifted, total


def regime_features(bars: Ohlcv) -> Columns:
    """Wilder's directional movement over 14 bars and Kaufman's efficiency ratio over 20."""
    return {
        **directional_movement(bars),
        "efficiency_ratio_20": efficiency_ratio(bars.close, 20),
    }


def directional_movement(bars: Ohlcv) -> Columns:
    """ADX and the two directional indicators, in percent (Wilder, 14 bars)."""
    return {
        "adx_14": talib.ADX(bars.high, bars.low, bars.close, 14),
        "plus_di_14": talib.PLUS_DI(bars.high, bars.low, bars.close, 14),
        "minus_di_14": talib.MINUS_DI(bars.high, bars.low, bars.close, 14),
    }


def efficiency_ratio(close: Array, n: int) -> Array:
    """Net move over `n` bars ÷ path walked; 1 is a straight line, 0 a walk on the spot.

    Kaufman, P. J. (1995). Smarter Trading. McGraw-Hill.
    """
    path = total(np.abs(close - shifted(close, 1)), n)
    return ratio(np.abs(close - shifted(close, n)), path, neutral=0.0)
