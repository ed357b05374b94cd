"""Regime over windows (feature 42): how straight is the way of the price."""

import numpy as np

from kaidan.features.ohlcv import Columns, Ohlcv
from kaidan.features.ratios import ratio
from kaidan.features.windows import shifted, total


def efficiency_ratio(bars: Ohlcv) -> Columns:
    """Net move over 20 bars ÷ path walked; 1 is a straight line, 0 a walk on the spot.

    Kaufman, P. J. (1995). Smarter Trading. McGraw-Hill.
    """
    close, n = bars.close, 20
    path = total(np.abs(close - shifted(close, 1)), n)
    net = np.abs(close - shifted(close, n))
    return {"efficiency_ratio_20": ratio(net, path, neutral=0.0)}
