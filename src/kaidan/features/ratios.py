"""Division that says what it means when there is nothing to divide by."""

import numpy as np

from kaidan.features.ohlcv import Array


def ratio(numerator: Array, denominator: Array, *, neutral: float) -> Array:
    """Numerator / denominator, and `neutral` where the denominator is exactly 0."""
    if np.count_nonzero(denominator) == denominator.size:
        return numerator / denominator
    return np.divide(
        numerator,
        denominator,
        out=np.full_like(denominator, neutral),
        where=denominator != 0.0,
    )
