"""Technical features (1-49) of a whole history at once."""

from kaidan.features.lags import lag_features
from kaidan.features.ohlcv import Columns, Ohlcv
from kaidan.features.recursive import recursive_features
from kaidan.features.windowed import windowed_features


def technical_features(bars: Ohlcv) -> Columns:
    """Compute all of them, each of shape (n_bars,); NaN during warm-up."""
    columns = windowed_features(bars) | recursive_features(bars)
    return columns | lag_features(columns)
