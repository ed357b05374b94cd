"""The newest bars and what was computed from them, column by column in one piece of memory.

A formula reads the end of a column as it would read a whole one, without anything being moved.
"""

from collections.abc import Sequence

import numpy as np

from kaidan.features.ohlcv import Array, Columns, Ohlcv, Times
from kaidan.market.bar import COLUMNS


class Ring:
    """Columns that grow at their end and forget their beginning.

    Parameters
    ----------
    names : sequence of str
        The columns; the first five are those of a bar.
    n_bars : int
        How many bars are remembered.
    """

    def __init__(self, names: Sequence[str], n_bars: int) -> None:
        self._names = tuple(names)
        self._place = {name: place for place, name in enumerate(names)}
        self._n_bars = n_bars
        # Twice the room: the newer half is moved to the front once in `n_bars` bars.
        self._times = np.zeros(2 * n_bars, dtype=np.int64)
        self._block = np.full((len(names), 2 * n_bars), np.nan)
        self._end = 0

    def __len__(self) -> int:
        return min(self._end, self._n_bars)

    def __getitem__(self, name: str) -> Array:
        """View of shape (n_bars,)."""
        return self._block[self._place[name], self._end - len(self) : self._end]

    @property
    def times(self) -> Times:
        """Open times of shape (n_bars,), epoch seconds."""
        return self._times[self._end - len(self) : self._end]

    def append(self, time: int, values: Sequence[float]) -> None:
        """Add a bar; `values` are those of the first columns, the others are NaN until `put`."""
        if self._end == len(self._times):
            self._times[: self._n_bars] = self._times[self._n_bars :]
            self._block[:, : self._n_bars] = self._block[:, self._n_bars :]
            self._end = self._n_bars
        self._times[self._end] = time
        self._block[: len(values), self._end] = values
        self._block[len(values) :, self._end] = np.nan
        self._end += 1

    def replace(self, times: Times, values: Array) -> None:
        """Forget everything and begin again with these bars, at most `n_bars`.

        Parameters
        ----------
        times : int64 array of shape (n,), epoch seconds
        values : array of shape (n, n_first_columns)
        """
        n, n_first = values.shape
        self._times[:n] = times
        self._block[:n_first, :n] = values.T
        self._block[n_first:, :n] = np.nan
        self._end = n

    def put(self, columns: Columns, n: int) -> None:
        """Keep the last `n` values of some columns as those of the newest `n` bars."""
        for name, column in columns.items():
            self._block[self._place[name], self._end - n : self._end] = column[-n:]

    def bars(self, n: int) -> Ohlcv:
        """Views on the newest `n` bars, or on as many as there are."""
        start = self._end - min(n, len(self))
        return Ohlcv(*self._block[: len(COLUMNS), start : self._end])

    def recent(self, n: int) -> Columns:
        """Views on the newest `n` values of all columns, or on as many as there are."""
        start = self._end - min(n, len(self))
        return dict(zip(self._names, self._block[:, start : self._end], strict=True))

    def newest(self) -> dict[str, float]:
        """All columns at the newest bar."""
        return dict(zip(self._names, self._block[:, self._end - 1].tolist(), strict=True))
