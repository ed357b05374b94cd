"""Momentum over windows (features 14-17): how one-sided the latest moves were."""

import numpy as np

from kaidan.features.ohlcv import Columns, Ohlcv
from kaidan.features.ratios import ratio
from kaidan.features.windows import highest, lowest, mean, mean_distance, shifted, total


def stochastic(bars: Ohlcv) -> Columns:
    """Slow stochastic (14, 3, 3): %K and %D in percent; 50 where the 14-bar range is 0."""
    low = lowest(bars.low, 14)
    span = highest(bars.high, 14) - low
    slow_k = mean(ratio(100.0 * (bars.close - low), span, neutral=50.0), 3)
    return {"stoch_k": slow_k, "stoch_d": mean(slow_k, 3)}


def money_flow_index(bars: Ohlcv) -> Columns:
    """Money flow index over 14 bars; 50 where no money flowed with a price change.

    Not TA-Lib's: it keeps running sums, which drift on yen-sized flows, and before 0.8 it calls
    any flow below 1.0 none at all.
    """
    typical = bars.typical
    # np.sign keeps the first bar NaN: it has no change yet.
    side = np.sign(typical - shifted(typical, 1))
    flow = typical * bars.volume
    inflow = total(flow * np.maximum(side, 0.0), 14)
    outflow = total(flow * np.maximum(-side, 0.0), 14)
    return {"mfi_14": ratio(100.0 * inflow, inflow + outflow, neutral=50.0)}


def commodity_channel_index(bars: Ohlcv) -> Columns:
    """Lambert's commodity channel index over 20 bars; 0 where the typical price stood still.

    Not TA-Lib's, so that one bar needs no library of 20 MB; the tests compare the two.
    """
    typical = bars.typical
    stretch = typical - mean(typical, 20)
    return {"cci_20": ratio(stretch, 0.015 * mean_distance(typical, 20), neutral=0.0)}
