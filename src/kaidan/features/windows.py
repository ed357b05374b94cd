"""Rolling windows, each summed afresh.

A running sum carries the rounding of every bar before it: live would differ from batch, and a flat
window of yen-sized prices would not be exactly flat.
"""

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from kaidan.features.ohlcv import Array
from kaidan.features.ratios import ratio


def shifted(values: Array, lag: int) -> Array:
    """`values` moved `lag` bars later; the first `lag` are NaN."""
    result = np.full_like(values, np.nan)
    result[lag:] = values[: max(len(values) - lag, 0)]
    return result


def total(values: Array, n: int) -> Array:
    """Sum over the last `n` bars; NaN for the first n - 1."""
    result = np.full_like(values, np.nan)
    if len(values) >= n:
        result[n - 1 :] = sliding_window_view(values, n).sum(axis=-1)
    return result


def mean(values: Array, n: int) -> Array:
    """Mean over the last `n` bars; exactly the value itself where the window is flat."""
    return values + fixed_change(values, np.full(n, 1.0 / n))


def fixed_change(values: Array, weights: Array) -> Array:
    """Sum of weights[k] x (value k bars ago - value now); exactly 0 where the window is flat.

    Parameters
    ----------
    values : array of shape (n_bars,)
    weights : array of shape (n,)
        `weights[0]` belongs to the bar itself, `weights[n - 1]` to the oldest of the window.
    """
    n = len(weights)
    result = np.full_like(values, np.nan)
    if len(values) >= n:
        now = values[n - 1 :]
        result[n - 1 :] = sum(
            (weights[k] * (_ago(values, k, n) - now) for k in range(1, n)), np.zeros_like(now)
        )
    return result


def weighted_mean(values: Array, weights: Array, n: int) -> Array:
    """Mean over the last `n` bars, each value weighted by its own bar; plain where all weigh 0.

    Parameters
    ----------
    values, weights : arrays of shape (n_bars,)
    n : int, in bars
    """
    result = mean(values, n)
    if len(values) >= n:
        now = values[n - 1 :]
        pull = sum(
            ((_ago(values, k, n) - now) * _ago(weights, k, n) for k in range(1, n)),
            np.zeros_like(now),
        )
        weight = total(weights, n)[n - 1 :]
        plain = result[n - 1 :]
        result[n - 1 :] = np.where(weight == 0.0, plain, now + ratio(pull, weight, neutral=0.0))
    return result


def deviation(values: Array, n: int, *, ddof: int) -> Array:
    """Take the standard deviation over the last `n` bars; exactly 0 where the window is flat.

    Parameters
    ----------
    values : array of shape (n_bars,)
    n : int, in bars
    ddof : int
        0 divides by n (Bollinger's population deviation), 1 by n - 1 (an estimate from a sample).
    """
    result = np.full_like(values, np.nan)
    if len(values) >= n:
        centre = mean(values, n)[n - 1 :]
        squares = sum(((_ago(values, k, n) - centre) ** 2 for k in range(n)), np.zeros_like(centre))
        result[n - 1 :] = np.sqrt(squares / (n - ddof))
    return result


def slope(values: Array, n: int) -> Array:
    """Slope per bar of the least-squares line through the last `n` values."""
    age = np.arange(n, dtype=np.float64)
    centred = age.mean() - age
    return fixed_change(values, centred / (centred**2).sum())


def unchanged(values: Array, n: int) -> npt.NDArray[np.bool_]:
    """Mark where the last `n` changes from bar to bar were all exactly 0."""
    moved = np.diff(values, prepend=np.nan) != 0.0
    return np.asarray(total(moved.astype(np.float64), n) == 0.0)


def _ago(values: Array, k: int, n: int) -> Array:
    """View on the values `k` bars before each bar that has a full window of `n`."""
    return values[n - 1 - k : len(values) - k]
