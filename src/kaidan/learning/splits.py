"""Who may see which row. The purge gap is the label horizon; there is no knob for it."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import TimeSeriesSplit

from kaidan.errors import TrainingError
from kaidan.settings import SplitSettings

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Fold:
    """Row positions of one fit: learnt from, watched by early stopping, judged on.

    A gap of one label horizon lies before `stopping` and before `test`, so that no label window
    of an earlier part reaches into a later one.
    """

    fit: Rows
    stopping: Rows
    test: Rows

    @property
    def training(self) -> Rows:
        """The training part: all rows that the fold's test rows may be explained with."""
        return np.arange(self.fit[0], self.stopping[-1] + 1)


def stopping_fold(training_end: int, test: Rows, splits: SplitSettings, gap: int) -> Fold:
    """Part rows `[0, training_end)` into a head to learn from and a tail to stop on."""
    n_stopping = max(1, int(training_end * splits.stopping_share))
    head_end = training_end - n_stopping - gap
    return Fold(np.arange(head_end), np.arange(training_end - n_stopping, training_end), test)


def purged_folds(n_rows: int, splits: SplitSettings, gap: int) -> tuple[Fold, ...]:
    """TimeSeriesSplit with the purge gap, each training part with its stopping tail.

    Parameters
    ----------
    n_rows : int
        Labelled rows in time order. Where rows are missing, `gap` rows span more time than
        `gap` bars, never less.
    splits : SplitSettings
        Number of folds, share of the stopping tail, smallest training part.
    gap : int, in bars
        The label horizon.

    Raises
    ------
    TrainingError
        The first training part would be smaller than `min_train_rows`.
    """
    needed = _development_rows_needed(splits, gap)
    if n_rows < needed:
        raise TrainingError(
            f"got {n_rows} labelled rows to train on, want at least {needed} "
            f"({splits.n_splits} folds of {splits.min_train_rows} rows); use more --days"
        )
    splitter = TimeSeriesSplit(n_splits=splits.n_splits, gap=gap)
    return tuple(
        stopping_fold(int(train[-1]) + 1, test, splits, gap)
        for train, test in splitter.split(np.empty((n_rows, 1)))
    )


def _development_rows_needed(splits: SplitSettings, gap: int) -> int:
    return (splits.n_splits + 1) * (splits.min_train_rows + gap)


def rows_needed(splits: SplitSettings, gap: int) -> int:
    """Labelled rows without which neither all folds nor a hold-out can be had."""
    return math.ceil((_development_rows_needed(splits, gap) + gap) / (1.0 - splits.holdout_share))


def holdout_start(n_rows: int, splits: SplitSettings) -> int:
    """Position of the first hold-out row; development ends one purge gap before it."""
    return n_rows - int(n_rows * splits.holdout_share)
