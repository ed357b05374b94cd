"""Out-of-fold predictions of every member, calibrated without looking at the rows they judge."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kaidan.learning.calibration import Calibration, fit_calibration
from kaidan.learning.members import Member, fit_member
from kaidan.learning.splits import Fold, Rows, purged_folds
from kaidan.settings import TrainingSettings
from kaidan.signal import N_CLASSES

Probabilities = NDArray[np.float64]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class OutOfFold:
    """What the members said of rows that they were not trained on.

    Attributes
    ----------
    folds : tuple of Fold
    rows : int array of shape (n_rows,)
        Test rows of all folds, in time order.
    raw, calibrated : dict of member name to float array of shape (n_rows, 3)
    """

    folds: tuple[Fold, ...]
    rows: Rows
    raw: dict[str, Probabilities]
    calibrated: dict[str, Probabilities]

    def fold_slices(self) -> list[slice]:
        """Where each fold's test rows lie in `rows`."""
        ends = [0, *np.cumsum([len(fold.test) for fold in self.folds]).tolist()]
        return [slice(start, end) for start, end in pairwise(ends)]


def n_steps(settings: TrainingSettings) -> int:
    """How often `progress` is called by `cross_validate`."""
    return settings.splits.n_splits * len(settings.members.by_name)


def cross_validate(
    X: NDArray[np.float32], y: NDArray[np.int64], settings: TrainingSettings, progress: Progress
) -> OutOfFold:
    """Fit every member on every purged fold.

    A fold's predictions are calibrated on what was out of sample inside its own training part:
    the test rows of earlier folds, less the purge gap, and its own stopping tail.

    Parameters
    ----------
    X : float32 array of shape (n_rows, n_inputs)
    y : int array of shape (n_rows,)
    settings : TrainingSettings
    progress : callable
        Told what was finished, after each fit.
    """
    folds = purged_folds(len(y), settings.splits, settings.label.horizon_bars)
    raw: dict[str, Probabilities] = {}
    calibrated: dict[str, Probabilities] = {}
    for name in settings.members.by_name:
        unseen = np.full((len(y), N_CLASSES), np.nan)
        parts = []
        for number, fold in enumerate(folds, start=1):
            member = fit_fold(name, X, y, fold, settings)
            calibration = calibrate(member, unseen, X, y, fold, settings)
            unseen[fold.test] = member.predict_proba(X[fold.test])
            parts.append(calibration.apply(unseen[fold.test]) if calibration else unseen[fold.test])
            progress(f"{name}, fold {number} of {len(folds)}")
        raw[name] = unseen[np.concatenate([fold.test for fold in folds])]
        calibrated[name] = np.concatenate(parts)
    return OutOfFold(folds, np.concatenate([fold.test for fold in folds]), raw, calibrated)


def fit_fold(
    name: str,
    X: NDArray[np.float32],
    y: NDArray[np.int64],
    fold: Fold,
    settings: TrainingSettings,
) -> Member:
    """Fit a member on a fold's head, stopping on its tail."""
    return fit_member(
        name, settings, (X[fold.fit], y[fold.fit]), (X[fold.stopping], y[fold.stopping])
    )


def calibrate(
    member: Member,
    unseen: Probabilities,
    X: NDArray[np.float32],
    y: NDArray[np.int64],
    fold: Fold,
    settings: TrainingSettings,
) -> Calibration | None:
    """Calibrate on all that is out of sample inside a fold's training part.

    Parameters
    ----------
    member : Member
        Fitted on the fold's head.
    unseen : float array of shape (n_rows, 3)
        Raw out-of-fold predictions so far; NaN where there is none yet.
    """
    if settings.calibration == "none":
        return None
    training = fold.training
    earlier = training[np.isfinite(unseen[training, 0])]
    said = np.concatenate([unseen[earlier], member.predict_proba(X[fold.stopping])])
    true = y[np.concatenate([earlier, fold.stopping])]
    return fit_calibration(said, true, member.class_factor)
