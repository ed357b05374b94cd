"""Breakout (features 35-38): the Donchian channel of the bars before this one."""

from kaidan.features.ohlcv import Columns, Ohlcv
from kaidan.features.ratios import ratio
from kaidan.features.windows import highest, lowest, shifted


def donchian(bars: Ohlcv) -> Columns:
    """Highest high and lowest low of the prior 20 bars, and where the close stands between them.

    The bar itself is left out, otherwise no close could ever break out; `channel_position` is
    therefore not bounded by 0 and 1.
    """
    high = shifted(highest(bars.high, 20), 1)
    low = shifted(lowest(bars.low, 20), 1)
    width = high - low
    return {
        "donchian_high_20": high,
        "donchian_low_20": low,
        "channel_position": ratio(bars.close - low, width, neutral=0.5),
        "channel_width": width / bars.close,
    }
