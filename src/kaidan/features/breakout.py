"""Breakout (features 35-38): the Donchian channel of the bars before this one."""

import talib

from kaidan.features.ohlcv import Columns, Ohlcv
from kaidan.features.ratios import ratio
from kaidan.features.windows import shifted


def breakout_features(bars: Ohlcv) -> Columns:
    """Highest high and lowest low of the prior 20 bars, and where the close stands between them.

    The bar itself is left out, otherwise no close could ever break out; `channel_position` is
    therefore not bounded by 0 and 1.
    """
    high = shifted(talib.MAX(bars.high, 20), 1)
    low = shifted(talib.MIN(bars.low, 20), 1)
    return {
        "donchian_high_20": high,
        "donchian_low_20": low,
        "channel_position": ratio(bars.close - low, high - low, neutral=0.5),
        "channel_width": (high - low) / bars.close,
    }
