"""Price and volume (features 1-9): what one bar says, and how far the close has moved."""

import numpy as np

from kaidan.features.ohlcv import Columns, Ohlcv
from kaidan.features.ratios import ratio
from kaidan.features.windows import mean, shifted


def bar_shape(bars: Ohlcv) -> Columns:
    """Close, volume, and where in its range the bar opened and closed."""
    height = bars.high - bars.low
    return {
        "close": bars.close,
        "volume": bars.volume,
        "body_ratio": ratio(bars.close - bars.open, height, neutral=0.0),
        "close_location": ratio(bars.close - bars.low, height, neutral=0.5),
    }


def log_returns(bars: Ohlcv) -> Columns:
    """Log return of the close over 1, 4, 16 and 96 bars."""
    log_close = np.log(bars.close)
    return {f"returns_{n}": log_close - shifted(log_close, n) for n in (1, 4, 16, 96)}


def volume_ratio(bars: Ohlcv) -> Columns:
    """Volume against the mean of the 20 bars before it; 1 where those traded nothing."""
    usual = mean(shifted(bars.volume, 1), 20)
    return {"volume_ratio": ratio(bars.volume, usual, neutral=1.0)}
