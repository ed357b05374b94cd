"""Out-of-fold predictions of every member, calibrated without looking at the rows they judge."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kaidan.learning.calibration import Calibration, fit_calibration
from kaidan.learning.members import Member, fit_member
from kaidan.learning.splits import Fold, Rows, purged_folds
from kaidan.learning.training_part import prepare
from kaidan.settings import TrainingSettings
from kaidan.signal import N_CLASSES

Probabilities = NDArray[np.float64]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Fitted:
    """A member and the map that mends its probabilities, both made without the rows it judges."""

    member: Member
    calibration: Calibration | None

    def predict_proba(self, X: NDArray[np.float32]) -> Probabilities:
        """Calibrated probabilities of shape (n_rows, 3)."""
        return self.mend(self.member.predict_proba(X))

    def mend(self, raw: Probabilities) -> Probabilities:
        """Calibrate what the member said."""
        return raw if self.calibration is None else self.calibration.apply(raw)


@dataclass(frozen=True)
class OutOfFold:
    """What the members said of rows that they were not trained on.

    Attributes
    ----------
    folds : tuple of Fold
    rows : int array of shape (n_rows,)
        Test rows of all folds, in time order.
    raw, calibrated : dict of member name to float array of shape (n_rows, 3)
    fitted : dict of member name to tuple of Fitted
        One a fold.
    """

    folds: tuple[Fold, ...]
    rows: Rows
    raw: dict[str, Probabilities]
    calibrated: dict[str, Probabilities]
    fitted: dict[str, tuple[Fitted, ...]]

    def fold_slices(self) -> list[slice]:
        """Where each fold's test rows lie in `rows`."""
        ends = [0, *np.cumsum([len(fold.test) for fold in self.folds]).tolist()]
        return [slice(start, end) for start, end in pairwise(ends)]


def n_steps(settings: TrainingSettings) -> int:
    """How often `progress` is called by `cross_validate`."""
    return settings.splits.n_splits * len(settings.members.by_name)


def cross_validate(
    X: NDArray[np.float32],
    y: NDArray[np.int64],
    settings: TrainingSettings,
    progress: Progress,
    *,
    names: tuple[str, ...] | None = None,
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
    names : tuple of str, optional
        Members to fit; default all of them.
    """
    folds = purged_folds(len(y), settings.splits, settings.label.horizon_bars)
    chosen = tuple(settings.members.by_name) if names is None else names
    unseen = {name: np.full((len(y), N_CLASSES), np.nan) for name in chosen}
    calibrated: dict[str, list[Probabilities]] = {name: [] for name in chosen}
    fitted: dict[str, list[Fitted]] = {name: [] for name in chosen}
    for number, fold in enumerate(folds, start=1):
        part = prepare(X, y, fold, settings)
        for name in chosen:
            member = fit_member(name, settings.members.by_name[name].params, part)
            one = Fitted(member, calibrate(member, unseen[name], X, y, fold, settings))
            said = member.predict_proba(X[fold.test])
            unseen[name][fold.test] = said
            calibrated[name].append(one.mend(said))
            fitted[name].append(one)
            progress(f"fold {number} of {len(folds)}, {name}")
    rows = np.concatenate([fold.test for fold in folds])
    return OutOfFold(
        folds=folds,
        rows=rows,
        raw={name: said[rows] for name, said in unseen.items()},
        calibrated={name: np.concatenate(parts) for name, parts in calibrated.items()},
        fitted={name: tuple(found) for name, found in fitted.items()},
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
