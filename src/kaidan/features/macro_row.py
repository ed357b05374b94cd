"""Macro features of the newest bar, computed again only when one of them can have changed."""

from bisect import bisect_right

import numpy as np

from kaidan.features.macro_features import macro_changes, macro_features
from kaidan.features.ohlcv import Array, Times
from kaidan.market.known_macro import MACRO_COLUMNS, KnownMacro


class MacroRow:
    """The eight macro features, as known at one instant after another.

    Parameters
    ----------
    macro : KnownMacro
    max_age_days : float
        A value known longer ago than this is stale.
    """

    def __init__(self, macro: KnownMacro, max_age_days: float) -> None:
        self._macro = macro
        self._max_age_days = max_age_days
        self._changes = macro_changes(macro, max_age_days)
        self._changed: int | None = None
        self._values: dict[str, float] = {}

    def forget(self) -> None:
        """Compute them again: bars that they were computed from are other ones now."""
        self._changed = None

    def at_newest(self, closed_at: Times, close: Array) -> dict[str, float]:
        """Features at the close of the newest bar.

        Parameters
        ----------
        closed_at : int64 array of shape (n_bars,), epoch seconds
        close : array of shape (n_bars,)
        """
        changed = bisect_right(self._changes, int(closed_at[-1]))
        if changed != self._changed:
            columns = macro_features(
                self._macro, closed_at, close, closed_at[-1:], max_age_days=self._max_age_days
            )
            self._values = {name: float(column[-1]) for name, column in columns.items()}
            self._changed = changed
        return self._values

    def stale_sources(self, closed_at: Times, close: Array) -> tuple[str, ...]:
        """Names of the sources without a value that is fresh at the close of the newest bar."""
        values = self.at_newest(closed_at, close)
        return tuple(name for name in MACRO_COLUMNS if np.isnan(values[name]))
