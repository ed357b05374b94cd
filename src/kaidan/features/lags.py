"""Lags (features 43-49): what some features said a few bars ago, for members without memory."""

from kaidan.features.ohlcv import Columns
from kaidan.features.windows import shifted

LAGGED = (
    ("returns_1", 1),
    ("returns_1", 2),
    ("returns_1", 3),
    ("volume_ratio", 1),
    ("rsi_14", 1),
    ("macd_hist", 1),
    ("natr_14", 4),
)


def lag_features(columns: Columns) -> Columns:
    """Earlier values of some of `columns`, named `<feature>_lag_<bars>`."""
    return {f"{name}_lag_{lag}": shifted(columns[name], lag) for name, lag in LAGGED}
