"""Recursive technical features, in batch: each value takes a share of the one before it.

TA-Lib's; `recursion` makes the same values bar by bar.
"""

import numpy as np
import talib

from kaidan.features.close_shares import close_shares
from kaidan.features.ohlcv import Array, Columns, Ohlcv
from kaidan.features.windows import unchanged


def recursive_features(bars: Ohlcv) -> Columns:
    """RSI, MACD, average true range, exponential means and directional movement."""
    columns = {
        "rsi_14": rsi(bars.close),
        **macd(bars.close),
        "atr_14": talib.ATR(bars.high, bars.low, bars.close, 14),
        "ema_20": talib.EMA(bars.close, 20),
        "ema_50": talib.EMA(bars.close, 50),
        **directional_movement(bars),
    }
    return columns | close_shares(columns, bars.close)


def rsi(close: Array) -> Array:
    """Wilder's relative strength index over 14 bars; 50 where the last 14 changes were all 0.

    TA-Lib answers 0, an extreme, for a price that never moved.
    """
    return np.where(unchanged(close, 14), 50.0, talib.RSI(close, 14))


def macd(close: Array) -> Columns:
    """MACD: difference of the EMAs of 12 and 26 bars, its signal line (9) and their difference."""
    line, signal, histogram = talib.MACD(close, 12, 26, 9)
    return {"macd": line, "macd_signal": signal, "macd_hist": histogram}


def directional_movement(bars: Ohlcv) -> Columns:
    """ADX and the two directional indicators, in percent (Wilder, 14 bars)."""
    return {
        "adx_14": talib.ADX(bars.high, bars.low, bars.close, 14),
        "plus_di_14": talib.PLUS_DI(bars.high, bars.low, bars.close, 14),
        "minus_di_14": talib.MINUS_DI(bars.high, bars.low, bars.close, 14),
    }
