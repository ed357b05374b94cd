"""What a member's parameters score on the purged folds, on training parts made once.

Losses are those of calibrated predictions: that is what votes. Uncalibrated, a search would pay
for what calibration mends anyway, a member that is too sure or too timid.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import log_loss

from kaidan.learning.cross_validation import Fitted, calibrate
from kaidan.learning.members import Params, fit_member
from kaidan.learning.splits import Fold, purged_folds
from kaidan.learning.training_part import TrainingPart, prepare
from kaidan.settings import TrainingSettings
from kaidan.signal import N_CLASSES


@dataclass(frozen=True)
class PurgedFolds:
    """Rows to tune on, with their folds.

    Attributes
    ----------
    X : float32 array of shape (n_rows, n_inputs)
    y : int array of shape (n_rows,)
        Signals that came true.
    settings : TrainingSettings
    """

    X: NDArray[np.float32]
    y: NDArray[np.int64]
    settings: TrainingSettings

    @cached_property
    def folds(self) -> tuple[Fold, ...]:
        """Purged folds, in time order."""
        return purged_folds(len(self.y), self.settings.splits, self.settings.label.horizon_bars)

    @cached_property
    def parts(self) -> tuple[TrainingPart, ...]:
        """Training part of each fold, balanced and binned once for every trial of every member."""
        return tuple(prepare(self.X, self.y, fold, self.settings) for fold in self.folds)

    def losses(self, name: str, params: Params) -> Iterator[float]:
        """Log-loss, in nats a row, of fold after fold; what is not asked for is not fitted."""
        unseen = np.full((len(self.y), N_CLASSES), np.nan)
        for fold, part in zip(self.folds, self.parts, strict=True):
            member = fit_member(name, params, part)
            fitted = Fitted(member, calibrate(member, unseen, self.X, self.y, fold, self.settings))
            said = member.predict_proba(self.X[fold.test])
            unseen[fold.test] = said
            yield float(log_loss(self.y[fold.test], fitted.mend(said), labels=np.arange(N_CLASSES)))
