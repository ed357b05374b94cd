"""Rolling windows, each summed afresh and always in the same order.

A running sum carries the rounding of every bar before it: live would differ from batch, and a flat
window of yen-sized prices would not be exactly flat.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt

from kaidan.features.ohlcv import Array
from kaidan.features.ratios import ratio

Ages = int | slice


def shifted(values: Array, lag: int) -> Array:
    """`values` moved `lag` bars later; the first `lag` are NaN."""
    result = np.empty_like(values)
    result[:lag] = np.nan
    result[lag:] = values[: max(len(values) - lag, 0)]
    return result


def total(values: Array, n: int) -> Array:
    """Sum over the last `n` bars; NaN for the first n - 1."""
    return _after_warm_up(values, n, lambda: np.add.reduce(_windows(values, n), axis=-1))


def mean(values: Array, n: int) -> Array:
    """Mean over the last `n` bars; exactly the value itself where the window is flat."""
    return values + fixed_change(values, _even_weights(n))


def fixed_change(values: Array, weights: Array) -> Array:
    """Sum of weights[k] x (value k bars ago - value now); exactly 0 where the window is flat.

    Parameters
    ----------
    values : array of shape (n_bars,)
    weights : array of shape (n,)
        `weights[0]` belongs to the bar itself, `weights[n - 1]` to the oldest of the window.
    """
    n = len(weights)
    weighing = weights[:, None]

    def change() -> Array:
        aged = _aged(values, n)
        now = aged[0]
        return _summed(aged, lambda k: weighing[k] * (aged[k] - now))

    return _after_warm_up(values, n, change)


def weighted_mean(values: Array, weights: Array, n: int) -> Array:
    """Mean over the last `n` bars, each value weighted by its own bar; plain where all weigh 0.

    Parameters
    ----------
    values, weights : arrays of shape (n_bars,)
    n : int, in bars
    """

    def pulled() -> Array:
        aged, weighing = _aged(values, n), _aged(weights, n)
        now = aged[0]
        pull = _summed(aged, lambda k: (aged[k] - now) * weighing[k])
        weight = total(weights, n)[n - 1 :]
        weighted: Array = now + ratio(pull, weight, neutral=0.0)
        if np.count_nonzero(weight) == len(weight):
            return weighted
        return np.where(weight == 0.0, mean(values, n)[n - 1 :], weighted)

    return _after_warm_up(values, n, pulled)


def deviation(values: Array, n: int, *, ddof: int) -> Array:
    """Take the standard deviation over the last `n` bars; exactly 0 where the window is flat.

    Parameters
    ----------
    values : array of shape (n_bars,)
    n : int, in bars
    ddof : int
        0 divides by n (Bollinger's population deviation), 1 by n - 1 (an estimate from a sample).
    """
    centre = mean(values, n)[n - 1 :]

    def root_mean_square() -> Array:
        aged = _aged(values, n)
        squares = _summed(aged, lambda k: (aged[k] - centre) ** 2)
        return np.sqrt(squares / (n - ddof))

    return _after_warm_up(values, n, root_mean_square)


def mean_distance(values: Array, n: int) -> Array:
    """Mean absolute distance of the last `n` values from their mean; exactly 0 where flat."""
    centre = mean(values, n)[n - 1 :]

    def distance() -> Array:
        aged = _aged(values, n)
        return _summed(aged, lambda k: np.abs(aged[k] - centre)) / n

    return _after_warm_up(values, n, distance)


def highest(values: Array, n: int) -> Array:
    """Largest of the last `n` values; NaN for the first n - 1."""
    return _after_warm_up(values, n, lambda: _extreme(_aged(values, n), np.maximum))


def lowest(values: Array, n: int) -> Array:
    """Smallest of the last `n` values; NaN for the first n - 1."""
    return _after_warm_up(values, n, lambda: _extreme(_aged(values, n), np.minimum))


def slope(values: Array, n: int) -> Array:
    """Slope per bar of the least-squares line through the last `n` values."""
    return fixed_change(values, _slope_weights(n))


def unchanged(values: Array, n: int) -> npt.NDArray[np.bool_]:
    """Mark where the last `n` changes from bar to bar were all exactly 0."""
    moved = np.diff(values, prepend=np.nan) != 0.0
    return np.asarray(total(moved.astype(np.float64), n) == 0.0)


@cache
def _even_weights(n: int) -> Array:
    weights: Array = np.full(n, 1.0 / n)
    return weights


@cache
def _slope_weights(n: int) -> Array:
    age = np.arange(n, dtype=np.float64)
    centred = age.mean() - age
    weights: Array = centred / (centred**2).sum()
    return weights


def _after_warm_up(values: Array, n: int, of_full_windows: Callable[[], Array]) -> Array:
    """NaN for the first n - 1 bars, then one value for each full window."""
    result = np.empty_like(values)
    result[: n - 1] = np.nan
    if len(values) >= n:
        result[n - 1 :] = of_full_windows()
    return result


def _windows(values: Array, n: int) -> Array:
    """View of shape (n_windows, n): the window that ends at each bar, oldest value first."""
    values = np.ascontiguousarray(values)
    step = values.itemsize
    # As sliding_window_view, which takes longer than all else that one bar needs of a window.
    view: Array = np.ndarray((len(values) - n + 1, n), values.dtype, values, 0, (step, step))
    return view


def _aged(values: Array, n: int) -> Array:
    """View of shape (n, n_windows): row k holds the values k bars before the end of a window."""
    return _windows(values, n).T[::-1]


def _summed(aged: Array, term: Callable[[Ages], Array]) -> Array:
    """Sum `term` over all ages, the latest first: live as in batch, to the last digit.

    Many windows are added up age by age, few at once; NumPy's own `sum` adds in another order.
    """
    n, n_windows = aged.shape
    if n_windows < n:
        return np.asarray(np.add.accumulate(term(slice(None)), axis=0)[-1])
    return sum((term(k) for k in range(n)), np.zeros(n_windows))


def _extreme(aged: Array, larger_or_smaller: np.ufunc) -> Array:
    n, n_windows = aged.shape
    if n_windows < n:
        return np.asarray(larger_or_smaller.reduce(aged, axis=0))
    result: Array = aged[0].copy()
    for k in range(1, n):
        larger_or_smaller(result, aged[k], out=result)
    return result
