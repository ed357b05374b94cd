"""RCI, the rank correlation index of Japanese charts: does the price climb in order of time."""

from functools import cache

import numpy as np

from kaidan.features.ohlcv import Array

FEW_WINDOWS = 64


def rank_correlation(values: Array, n: int) -> Array:
    """Spearman correlation of `values` and time over `n` bars, x 100; in [-100, 100].

    Ranks are never formed. A rank is a count of smaller values, so the covariance of rank and
    time is a sum over pairs of bars: for each distance k in time, k / 2 x sign(x_t - x_(t-k)).
    Signs are integers and their sums exact, whichever way they are added up.

    Parameters
    ----------
    values : array of shape (n_bars,)
    n : int, in bars

    Returns
    -------
    array of shape (n_bars,), NaN for the first n - 1
    """
    result = np.full_like(values, np.nan)
    n_windows = len(values) - n + 1
    if n_windows < 1:
        return result
    add_up = _pair_by_pair if n_windows <= FEW_WINDOWS else _distance_by_distance
    covariance = add_up(values, n)
    # Covariance of two full rankings of n: (n^3 - n) / 12; the half of each pair is in the 6.
    result[n - 1 :] = 100.0 * covariance * 6.0 / (n**3 - n)
    return result


def _distance_by_distance(values: Array, n: int) -> Array:
    """Quick for many windows: running sums of the signs at each distance."""
    covariance = np.zeros(len(values) - n + 1)
    for distance in range(1, n):
        signs = np.sign(values[distance:] - values[:-distance]).astype(np.int64)
        running = np.concatenate(([0], np.cumsum(signs)))
        pairs = n - distance
        covariance += distance * (running[pairs:] - running[:-pairs])
    return covariance


def _pair_by_pair(values: Array, n: int) -> Array:
    """Quick for few windows: all signs at once, of which those of a window are a block."""
    signs = np.sign(values[:, None] - values)
    row, column = signs.strides
    n_windows = len(values) - n + 1
    blocks: Array = np.ndarray(
        (n_windows, n, n), signs.dtype, signs, 0, (row + column, row, column)
    )
    return np.asarray(blocks.reshape(n_windows, n * n) @ _distances(n))


@cache
def _distances(n: int) -> Array:
    """Distance in time of each pair of a window, flat; 0 where the second bar is the later one."""
    bar = np.arange(float(n))
    return np.asarray(np.maximum(np.subtract.outer(bar, bar), 0.0).ravel())
