"""Correlation of a daily series with the price, on returns from publication to publication.

So neither side of a pair holds anything that was not known when the day's value was.
"""

import numpy as np

from kaidan.features.ohlcv import Array, Times
from kaidan.market.known_macro import Series

WINDOW_SECONDS = 30 * 24 * 3600
# A correlation of fewer pairs says next to nothing: its standard error is above 0.3.
MIN_PAIRS = 10


def daily_correlation(series: Series, closed_at: Times, close: Array, at: Times) -> Array:
    """Pearson correlation over the 30 calendar days before each instant of `at`.

    A pair is the log return of the series from one published value to the next, and that of the
    price between the same two instants (the last bar closed at each). Both instants lie inside
    the 30 days.

    Parameters
    ----------
    series : Series
    closed_at : int64 array of shape (n_bars,), epoch seconds
    close : array of shape (n_bars,)
    at : int64 array of shape (n,), epoch seconds, increasing
        Of `closed_at`, those that are asked for.

    Returns
    -------
    array of shape (n,)
        NaN with fewer than 10 pairs; 0 where one side did not move.
    """
    in_history = series.known >= closed_at[0]
    known = series.known[in_history]
    prices = close[closed_at.searchsorted(known, side="right") - 1]
    moves = np.diff(np.log(series.values[in_history]))
    price_moves = np.diff(np.log(prices))

    # Pairs are in order of time, so those of a window are a run: first to last.
    first = known[:-1].searchsorted(at - WINDOW_SECONDS, side="right")
    last = np.maximum(known[1:].searchsorted(at, side="right"), first)
    # A run changes a few times a day at most, so most bars share that of the bar before.
    starts = np.append(True, (np.diff(first) != 0) | (np.diff(last) != 0))
    correlations = [
        _pearson(moves[a:b], price_moves[a:b])
        for a, b in zip(first[starts], last[starts], strict=True)
    ]
    return np.repeat(correlations, np.diff(np.flatnonzero(np.append(starts, True))))


def _pearson(x: Array, y: Array) -> float:
    if len(x) < MIN_PAIRS:
        return np.nan
    x, y = x - x.mean(), y - y.mean()
    scale = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / scale) if scale > 0.0 else 0.0
