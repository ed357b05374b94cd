"""Why an exported tree answers like the native one.

A tree asks `x <= t` with a double t, the graph with a float32. On float32 x the two agree for every
x if, and only if, t is rounded down.
"""

import numpy as np
from numpy.typing import NDArray


def floor_to_float32(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Largest float32 that is not above each value.

    Parameters
    ----------
    values : ndarray of float64, any shape
        Not NaN. Above the range of float32 the largest float32 is returned.

    Returns
    -------
    ndarray of float32, same shape
        For every float32 `x`: `x <= floor_to_float32(t)` exactly when `x <= t`.
    """
    with np.errstate(over="ignore"):
        nearest = values.astype(np.float32)
        below = np.nextafter(nearest, np.float32(-np.inf))
    return np.where(nearest > values, below, nearest)
