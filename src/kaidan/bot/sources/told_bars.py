"""The newest bars as they were told, so that a later answer shows what is new and what changed."""

from statistics import median

import numpy as np
from numpy.typing import NDArray

from kaidan.features.soundness import as_bar

_OTHER_SCALE = 2.0  # no four hours of BTC have doubled or halved it; another symbol's price would


class ToldBars:
    """Remembers the newest `n_bars` that were told.

    Parameters
    ----------
    n_bars : int
    """

    def __init__(self, n_bars: int) -> None:
        self._n_bars = n_bars
        self._rows: dict[float, list[float]] = {}

    @property
    def last(self) -> float:
        """Open time of the newest, in epoch seconds; minus infinity before the first."""
        return max(self._rows, default=-np.inf)

    def remember(self, history: NDArray[np.float64]) -> None:
        """Take `history` of shape (n, 6) for told."""
        self._add(history[-self._n_bars :].tolist())

    def news(self, bars: NDArray[np.float64]) -> list[list[float]]:
        """Rows of `bars` that were not told, or not so; from now on they count as told.

        What is older than all that is remembered is no news.
        """
        first = min(self._rows, default=-np.inf)
        fresh = [row for row in bars.tolist() if row[0] >= first and self._rows.get(row[0]) != row]
        self._add(fresh)
        return fresh

    def scale_fault(self, row: list[float]) -> str | None:
        """Say so when the close of `row` is on another price scale than those before it."""
        usual = median(told[4] for told in self._rows.values())
        close = row[4]
        if 1 / _OTHER_SCALE < close / usual < _OTHER_SCALE:
            return None
        return (
            f"the bar of {as_bar(row).time:%Y-%m-%dT%H:%MZ} closes at {close:g}, the hours before "
            f"it at about {usual:g}: another symbol's prices?"
        )

    def _add(self, rows: list[list[float]]) -> None:
        self._rows.update((row[0], row) for row in rows)
        for time in sorted(self._rows)[: -self._n_bars]:
            del self._rows[time]
