"""Bars of a file, told one by one, each as if it had just closed."""

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from kaidan.bot.errands.outside import Errand
from kaidan.bot.sources.bars_answer import BarsAnswer
from kaidan.bot.sources.events import Event, Loaded, Told
from kaidan.errors import DataError, UsageError
from kaidan.features.soundness import as_bar
from kaidan.market.bar import ONE_BAR
from kaidan.settings import Settings

_ERRAND = "kaidan.bot.errands.bars"


class ReplaySource:
    """Tells a file's history and then each of its bars.

    Parameters
    ----------
    uri : str
        A CSV or Parquet file, or `sample`.
    settings : Settings
    after : datetime with a zone, optional
        Start after this bar (its open time) instead of after `warmup_bars`: a restart.

    """

    def __init__(self, uri: str, settings: Settings, *, after: datetime | None = None) -> None:
        self._uri = uri
        self._needed = settings.levels.warmup_bars
        self._after = after
        self._bars: NDArray[np.float64] = np.empty((0, 6))
        self._row = 0
        self._errand: Errand | None = Errand(
            _ERRAND,
            arguments=["replay", uri],
            timeout_seconds=settings.bot.source.fetch_timeout_seconds,
        )

    @property
    def finished(self) -> bool:
        """Whether the last bar was told."""
        return self._errand is None and self._row == len(self._bars)

    @property
    def n_left(self) -> int:
        """How many bars are still to be told."""
        return len(self._bars) - self._row

    def poll(self, _now: datetime, _monotonic: float) -> list[Event]:
        """Tell what is next: nothing while the file is read, the history, then bar by bar.

        Raises
        ------
        UsageError, DataError, OutsideError
            The file cannot be read, is not bars, or has too few of them.
        """
        if self._errand is not None:
            return self._load(self._errand) if self._errand.done else []
        if self.finished:
            return []
        bar = as_bar(self._bars[self._row].tolist())
        self._row += 1
        return [Told(bar, bar.time + ONE_BAR, None)]

    def close(self) -> None:
        """End at once whatever is under way."""
        if self._errand is not None:
            self._errand.cancel()

    def _load(self, errand: Errand) -> list[Event]:
        answer = BarsAnswer.from_bytes(errand.result())
        if answer.wrong_use is not None:
            raise UsageError(answer.wrong_use)
        self._row = self._first(answer.bars)
        self._bars = answer.bars
        self._errand = None  # what it keeps is as large as the bars
        return [Loaded(answer.bars[: self._row], answer.data_sha256, answer.gaps)]

    def _first(self, bars: NDArray[np.float64]) -> int:
        """Find the row of the first bar to tell."""
        if self._after is None:
            if len(bars) <= self._needed:
                raise DataError(
                    f"replay:{self._uri}: got {len(bars)} bars, need more than {self._needed} "
                    "(warm-up): pass a longer file"
                )
            return self._needed
        first = int(np.searchsorted(bars[:, 0], self._after.timestamp(), side="right"))
        if first < self._needed:
            raise DataError(
                f"replay:{self._uri}: only {first} bars up to {self._after.isoformat()}, where the "
                f"bot stopped, need {self._needed} (warm-up): pass the file that it replayed"
            )
        return first
