"""Price and volume (features 1-9): what one bar says, and how far the close has moved."""

import numpy as np

from kaidan.features.ohlcv import Array, Columns, Ohlcv
from kaidan.features.ratios import ratio
from kaidan.features.windows import mean, shifted


def price_features(bars: Ohlcv) -> Columns:
    """Close, volume, log returns, and where in its range the bar opened and closed."""
    log_close = np.log(bars.close)
    height = bars.high - bars.low
    return {
        "close": bars.close,
        "volume": bars.volume,
        "volume_ratio": volume_ratio(bars),
        **{f"returns_{n}": log_close - shifted(log_close, n) for n in (1, 4, 16, 96)},
        "body_ratio": ratio(bars.close - bars.open, height, neutral=0.0),
        "close_location": ratio(bars.close - bars.low, height, neutral=0.5),
    }


def volume_ratio(bars: Ohlcv) -> Array:
    """Volume against the mean of the 20 bars before it; 1 where those traded nothing."""
    return ratio(bars.volume, mean(shifted(bars.volume, 1), 20), neutral=1.0)
