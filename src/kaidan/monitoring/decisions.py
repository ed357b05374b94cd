"""What a bot decided, as arrays beside what came true: all that monitoring knows of it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaidan.bot.journal import Entry
from kaidan.bot.journal.reader import JournalReader
from kaidan.features.contract import level_contract
from kaidan.learning.labels import make_labels
from kaidan.market.bar import COLUMNS
from kaidan.serving.prediction import Attempt
from kaidan.settings import Settings
from kaidan.signal import N_CLASSES

_RICHEST = 1  # the contract that the journal's rows are in


@dataclass(frozen=True, eq=False)
class Decisions:
    """Decided bars, oldest first.

    Attributes
    ----------
    bars : DataFrame of shape (n, 5)
        By their open times, UTC.
    level : int array of shape (n,)
        0: nobody answered but the dummy.
    version : int array of shape (n,)
        Registered version that answered; 0: none.
    said : int array of shape (n,)
        Signal values.
    confidence : float array of shape (n,)
    probabilities : float array of shape (n, 3)
        In the order of Signal.
    shadow_version : int array of shape (n,)
        Version that was asked beside the live one, of the same level; 0: none.
    shadow_probabilities : float array of shape (n, 3)
        NaN where it did not answer.
    attempts : tuple of tuple of Attempt
        Levels that could not answer, n times.
    features : DataFrame of shape (n, 70)
        The rows that were answered; NaN in the warm-up.
    equity_share : float array of shape (n,)
        Of the bot's account, marked to the bar's close.
    labels : float array of shape (n,)
        Signal value that came true; NaN while the horizon has not passed, or where it has a gap.
    """

    bars: pd.DataFrame
    level: NDArray[np.int64]
    version: NDArray[np.int64]
    said: NDArray[np.int64]
    confidence: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    shadow_version: NDArray[np.int64]
    shadow_probabilities: NDArray[np.float64]
    attempts: tuple[tuple[Attempt, ...], ...]
    features: pd.DataFrame
    equity_share: NDArray[np.float64]
    labels: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.bars)

    @property
    def times(self) -> pd.DatetimeIndex:
        """Open times of the bars."""
        return pd.DatetimeIndex(self.bars.index)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64] | slice) -> Self:
        """Some of the bars; each keeps the label that all of them gave it."""
        numbers = np.arange(len(self))[rows]
        taken: dict[str, Any] = {}
        for field in fields(self):
            values = getattr(self, field.name)
            if isinstance(values, pd.DataFrame):
                taken[field.name] = values.iloc[numbers]
            elif isinstance(values, tuple):
                taken[field.name] = tuple(values[n] for n in numbers)
            else:
                taken[field.name] = values[numbers]
        return type(self)(**taken)

    def of_version(self, level: int, version: int) -> Self:
        """The bars that a version answered live."""
        return self.take((self.level == level) & (self.version == version))


def read_decisions(
    reader: JournalReader,
    settings: Settings,
    *,
    since: datetime | None = None,
    last: int | None = None,
) -> Decisions:
    """Read a journal's bars, all of them by default.

    Parameters
    ----------
    reader : JournalReader
    settings : Settings
        The label, and the contract that names the features.
    since : datetime with a zone, optional
    last : int, optional
        Only the newest so many.

    Raises
    ------
    JournalError
        It cannot be read.
    """
    return from_entries(list(reader.entries(since=since, last=last)), settings)


def from_entries(entries: Sequence[Entry], settings: Settings) -> Decisions:
    """Decided bars, oldest first, as arrays."""
    times = pd.DatetimeIndex([one.bar.time for one in entries], name="timestamp", tz="UTC")
    bars = pd.DataFrame(
        np.array([one.bar[1:] for one in entries], dtype=np.float64).reshape(-1, len(COLUMNS)),
        index=times.as_unit("ns"),
        columns=list(COLUMNS),
    )
    names = level_contract(settings, _RICHEST).features
    shadows = [_shadow(one) for one in entries]
    labels = make_labels(bars, settings.training.label).reindex(bars.index)
    return Decisions(
        bars=bars,
        level=_integers([one.prediction.level or 0 for one in entries]),
        version=_integers([one.version or 0 for one in entries]),
        said=_integers([int(one.prediction.signal) for one in entries]),
        confidence=np.array([one.prediction.confidence for one in entries], dtype=np.float64),
        probabilities=_rows([one.prediction.probabilities for one in entries], N_CLASSES),
        shadow_version=_integers([version for version, _ in shadows]),
        shadow_probabilities=_rows([said for _, said in shadows], N_CLASSES),
        attempts=tuple(one.prediction.attempts for one in entries),
        features=pd.DataFrame(
            _rows([one.features for one in entries], len(names)), bars.index, list(names)
        ),
        equity_share=np.array([one.equity_share for one in entries], dtype=np.float64),
        labels=labels.to_numpy(dtype=np.float64, na_value=np.nan),
    )


def _shadow(entry: Entry) -> tuple[int, Sequence[float]]:
    """Version and answer of the level that answered, as its shadow."""
    for one in entry.shadow:
        if one["level"] == entry.prediction.level and one["version"] is not None:
            said = one.get("probabilities")
            return one["version"], () if said is None else tuple(said.values())
    return 0, ()


def _integers(values: Sequence[int]) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def _rows(values: Sequence[Sequence[float]], width: int) -> NDArray[np.float64]:
    """Rows of a table; one of another width, as of another contract, is NaN."""
    blank = (np.nan,) * width
    rows = [one if len(one) == width else blank for one in values]
    return np.array(rows, dtype=np.float64).reshape(-1, width)
