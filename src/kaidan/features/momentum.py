"""Momentum (features 10-17): how one-sided the latest moves were."""

import numpy as np
import talib

from kaidan.features.ohlcv import Array, Columns, Ohlcv
from kaidan.features.ratios import ratio
from kaidan.features.windows import mean, shifted, total, unchanged


def momentum_features(bars: Ohlcv) -> Columns:
    """RSI, MACD, slow stochastic, money flow index and commodity channel index."""
    stoch_k, stoch_d = stochastic(bars)
    return {
        "rsi_14": rsi(bars.close),
        **macd(bars.close),
        "stoch_k": stoch_k,
        "stoch_d": stoch_d,
        "mfi_14": money_flow_index(bars),
        "cci_20": talib.CCI(bars.high, bars.low, bars.close, 20),
    }


def rsi(close: Array) -> Array:
    """Wilder's relative strength index over 14 bars; 50 where the last 14 changes were all 0.

    TA-Lib answers 0, an extreme, for a price that never moved.
    """
    return np.where(unchanged(close, 14), 50.0, talib.RSI(close, 14))


def macd(close: Array) -> Columns:
    """MACD: difference of the EMAs of 12 and 26 bars, its signal line (9) and their difference."""
    line, signal, histogram = talib.MACD(close, 12, 26, 9)
    return {"macd": line, "macd_signal": signal, "macd_hist": histogram}


def stochastic(bars: Ohlcv) -> tuple[Array, Array]:
    """Slow stochastic (14, 3, 3): %K and %D in percent; 50 where the 14-bar range is 0."""
    lowest = talib.MIN(bars.low, 14)
    span = talib.MAX(bars.high, 14) - lowest
    slow_k = mean(ratio(100.0 * (bars.close - lowest), span, neutral=50.0), 3)
    return slow_k, mean(slow_k, 3)


def money_flow_index(bars: Ohlcv) -> Array:
    """Money flow index over 14 bars; 50 where no money flowed with a price change.

    Not TA-Lib's: it keeps running sums, which drift on yen-sized flows, and before 0.8 it calls
    any flow below 1.0 none at all.
    """
    typical = bars.typical
    change = typical - shifted(typical, 1)
    flow = typical * bars.volume
    # np.sign keeps the first bar NaN: it has no change yet.
    inflow = total(flow * np.maximum(np.sign(change), 0.0), 14)
    outflow = total(flow * np.maximum(-np.sign(change), 0.0), 14)
    return ratio(100.0 * inflow, inflow + outflow, neutral=50.0)
