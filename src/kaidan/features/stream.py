"""FeatureStream: the 70 features of one bar after another, as live trading needs them.

The same values as `FeatureManager.generate_features`, in a fraction of a millisecond and without
pandas or TA-Lib.
"""

import math
from datetime import datetime

import numpy as np

from kaidan.errors import DataError, SettingsError
from kaidan.features.arrival import Arrival, place
from kaidan.features.catalogue import CATALOGUE
from kaidan.features.contract import level_features
from kaidan.features.live_columns import LiveColumns
from kaidan.features.macro_features import fed_by
from kaidan.features.macro_row import MacroRow
from kaidan.features.ohlcv import Array, Times
from kaidan.features.sessions import time_features
from kaidan.features.soundness import as_bar, require_sound
from kaidan.market.bar import BAR_SECONDS, COLUMNS, Bar
from kaidan.market.known_macro import KnownMacro
from kaidan.settings import Settings

__all__ = ["Arrival", "FeatureStream"]


class FeatureStream:
    """The newest `warmup_bars` bars, and the features of the last of them.

    Parameters
    ----------
    settings : Settings

    Examples
    --------
    >>> from kaidan.market.bar import each_bar
    >>> from kaidan.market.sample import sample_bars
    >>> from kaidan.settings import load_settings
    >>> stream = FeatureStream(load_settings())
    >>> arrivals = {stream.push(bar) for bar in each_bar(sample_bars().iloc[:3000])}
    >>> arrivals, stream.ready, len(stream.row())
    ({<Arrival.NEW: 'newer than all others'>}, True, 70)
    """

    def __init__(self, settings: Settings) -> None:
        self._warmup = settings.levels.warmup_bars
        self._names = level_features(settings.levels, 1)
        self._certain = level_features(settings.levels, 2)
        self._max_age_days = settings.bot.freshness.max_macro_age_days
        self._columns = LiveColumns(settings.training.strategies, self._warmup)
        self._macro = MacroRow(KnownMacro.from_frame(None), self._max_age_days)
        self._last: Bar | None = None
        self._missing, self._whole = 0, 0

    @property
    def last(self) -> Bar | None:
        """The newest bar."""
        return self._last

    @property
    def n_bars(self) -> int:
        """How many bars are remembered; at most `warmup_bars`."""
        return len(self._columns.ring)

    @property
    def ready(self) -> bool:
        """Whether there are enough bars for `row`."""
        return self.n_bars >= self._warmup

    @property
    def missing_before_last(self) -> int:
        """Bars that are missing on the grid just before the newest one."""
        return self._missing

    @property
    def bars_since_gap(self) -> int:
        """As `market.gaps.bars_since_gap` of the bars that are remembered, at the newest one."""
        return min(self._whole, self.n_bars)

    def load(self, history: Array) -> None:
        """Forget all bars and begin again with the newest `warmup_bars` of `history`.

        Parameters
        ----------
        history : array of shape (n_bars, 6)
            Open time in epoch seconds, then open, high, low, close, volume; oldest first.

        Raises
        ------
        DataError
            A bar is not sound, or bars are not in order. The bars from before are kept.
        """
        rows = np.asarray(history, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != 1 + len(COLUMNS):
            raise DataError(
                f"history: got an array of shape {rows.shape}, want (n_bars, {1 + len(COLUMNS)}): "
                f"time, {', '.join(COLUMNS)}"
            )
        rows = rows[-self._warmup :]
        for bar in map(as_bar, rows.tolist()):
            require_sound(bar)
        late = np.flatnonzero(np.diff(rows[:, 0]) <= 0.0)
        if len(late):
            bar = as_bar(rows[late[0] + 1].tolist())
            raise DataError(
                f"history: bar {bar.time.isoformat()} is not later than the one before it; want "
                "each bar once, oldest first: sort by time and drop the duplicates"
            )
        self._rebuild(rows)

    def push(self, bar: Bar) -> Arrival:
        """Add one bar, wherever it belongs.

        Raises
        ------
        DataError
            The bar is not sound; nothing has changed.
        """
        require_sound(bar)
        seconds = int(bar.time.timestamp())
        if self._last is None or bar.time > self._last.time:
            self._columns.append(seconds, bar[1:])
            self._follow(bar)
            return Arrival.NEW
        arrival, history = place(self._history(), np.array([seconds, *bar[1:]]))
        if arrival in {Arrival.REVISED, Arrival.FILLED}:
            self._rebuild(history[-self._warmup :])
        return arrival

    def set_macro(self, macro: KnownMacro | None) -> None:
        """Replace the macro series; None: there are none."""
        known = KnownMacro.from_frame(None) if macro is None else macro
        self._macro = MacroRow(known, self._max_age_days)

    def row(self) -> dict[str, float]:
        """Compute the 70 features of the newest bar, in contract order, as known at its close.

        Only macro features can be NaN: where their source is missing or stale.

        Raises
        ------
        DataError
            There are fewer than `warmup_bars` bars.
        SettingsError
            `warmup_bars` is shorter than some feature needs.
        """
        if not self.ready:
            raise DataError(
                f"features: got {self.n_bars} bars, need {self._warmup} (warm-up): "
                "load a longer history"
            )
        closed_at = self._closed_at()
        values = self._columns.newest() | self._macro.at_newest(closed_at, self._close())
        for name, column in time_features(closed_at[-1:]).items():
            values[name] = float(column[0])
        row = {name: values[name] for name in self._names}
        missing = [name for name in self._certain if math.isnan(row[name])]
        if missing:
            raise SettingsError(
                f"warmup_bars is {self._warmup}, too few for {', '.join(missing)}: "
                "raise it in levels.yaml"
            )
        return row

    def bridged(self) -> tuple[str, ...]:
        """Features of the newest bar whose look-back reaches over a gap or filler."""
        whole = self.bars_since_gap
        return tuple(name for name in self._names if whole < CATALOGUE[name].look_back_bars)

    def stale_sources(self) -> tuple[str, ...]:
        """Macro sources without a value that is fresh at the close of the newest bar.

        Raises
        ------
        DataError
            There is no bar yet.
        """
        if self._last is None:
            raise DataError("stale_sources: got no bar, want one to be stale at: push or load bars")
        return self._macro.stale_sources(self._closed_at(), self._close())

    def stale_features(self) -> frozenset[str]:
        """Macro features that read one of `stale_sources`."""
        return fed_by(self.stale_sources())

    def _closed_at(self) -> Times:
        return self._columns.ring.times + BAR_SECONDS

    def _close(self) -> Array:
        return self._columns.ring["close"]

    def _history(self) -> Array:
        ring = self._columns.ring
        return np.column_stack([ring.times, *(ring[name] for name in COLUMNS)])

    def _rebuild(self, rows: Array) -> None:
        """Begin again with sound bars; a state that moves on cannot be taken back."""
        self._columns.load(rows[:, 0].astype(np.int64), rows[:, 1:])
        self._macro.forget()
        self._last, self._missing, self._whole = None, 0, 0
        for bar in map(as_bar, rows.tolist()):
            self._follow(bar)

    def _follow(self, bar: Bar) -> None:
        """Count how many bars are missing before `bar`, and the whole ones up to it."""
        before = self._last
        self._missing = 0 if before is None else _missing_between(before.time, bar.time)
        if not bar.traded:
            self._whole = 0
        elif before is None or self._missing:
            self._whole = 1
        else:
            self._whole += 1
        self._last = bar


def _missing_between(before: datetime, after: datetime) -> int:
    return int((after - before).total_seconds()) // BAR_SECONDS - 1
