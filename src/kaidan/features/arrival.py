"""Where a bar belongs among those that are there already: bars come late, twice and corrected."""

from enum import Enum

import numpy as np

from kaidan.features.ohlcv import Array


class Arrival(Enum):
    """What a bar was to those before it."""

    NEW = "newer than all others"
    DUPLICATE = "there already, with the same values"
    REVISED = "there already, with other values, which it replaces"
    FILLED = "older than the newest, and had been missing"
    TOO_OLD = "older than all that are remembered"


def place(history: Array, row: Array) -> tuple[Arrival, Array]:
    """Say what a bar that is not new is to those of `history`, and put it where it belongs.

    Parameters
    ----------
    history : array of shape (n_bars, 6)
        Open time in epoch seconds, then open to volume; oldest first.
    row : array of shape (6,)
        Not newer than the newest.

    Returns
    -------
    Arrival
    array of shape (n_bars, 6) or (n_bars + 1, 6)
        `history` itself where the bar changes nothing.
    """
    times = history[:, 0]
    at = int(times.searchsorted(row[0]))
    if row[0] < times[at]:
        if at == 0:
            return Arrival.TOO_OLD, history
        return Arrival.FILLED, np.insert(history, at, row, axis=0)
    if np.array_equal(history[at], row):
        return Arrival.DUPLICATE, history
    revised = history.copy()
    revised[at] = row
    return Arrival.REVISED, revised
