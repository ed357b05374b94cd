"""RCI, the rank correlation index of Japanese charts: does the price climb in order of time."""

import numpy as np

from kaidan.features.ohlcv import Array


def rank_correlation(values: Array, n: int) -> Array:
    """Spearman correlation of `values` and time over `n` bars, x 100; in [-100, 100].

    Ranks are never formed. A rank is a count of smaller values, so the covariance of rank and
    time is a sum over pairs of bars: for each distance k in time, k / 2 x sign(x_t - x_(t-k)).
    Signs are integers and their running sums exact, which makes this fast and free of drift.
    Equal values share their rank (each counts half).

    Parameters
    ----------
    values : array of shape (n_bars,)
    n : int, in bars

    Returns
    -------
    array of shape (n_bars,), NaN for the first n - 1
    """
    result = np.full_like(values, np.nan)
    if len(values) < n:
        return result
    covariance = np.zeros(len(values) - n + 1)
    for distance in range(1, n):
        signs = np.sign(values[distance:] - values[:-distance]).astype(np.int64)
        running = np.concatenate(([0], np.cumsum(signs)))
        pairs = n - distance
        covariance += distance * (running[pairs:] - running[:-pairs])
    # Covariance of two full rankings of n: (n^3 - n) / 12; the half of each pair is in the 6.
    result[n - 1 :] = 100.0 * covariance * 6.0 / (n**3 - n)
    return result
