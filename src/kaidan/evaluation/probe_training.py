"""What leak probes train: the procedure of a real run, with one member that learns in seconds."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kaidan.evaluation.baselines import Known, class_prior
from kaidan.evaluation.bootstrap import Interval, block_bootstrap
from kaidan.evaluation.scores import log_losses
from kaidan.learning.cross_validation import OutOfFold, Progress
from kaidan.settings import TrainingSettings

_MEMBER = "lightgbm"
_N_SPLITS = 2
_FAST = {"n_estimators": 80, "learning_rate": 0.05}

# Three levels are probed every week: at 95 % an honest pipeline would be refused several times
# a year. So far out in the tails an interval needs many resamples.
_CONFIDENCE = 0.999
_N_RESAMPLES = 20_000


class CrossValidate(Protocol):
    """`kaidan.learning.cross_validation.cross_validate`, or what a test puts in its place."""

    def __call__(
        self,
        X: NDArray[np.float32],
        y: NDArray[np.int64],
        settings: TrainingSettings,
        progress: Progress,
        *,
        names: tuple[str, ...] | None = None,
    ) -> OutOfFold:
        """Judge the members `names` out of fold."""


@dataclass(frozen=True)
class ProbeLosses:
    """Log-loss of every out-of-fold row, in nats, in time order.

    Attributes
    ----------
    member : float array of shape (n_out_of_fold,)
    prior : float array of shape (n_out_of_fold,)
        Of the class shares of each fold's training part.
    """

    member: NDArray[np.float64]
    prior: NDArray[np.float64]


def probe_losses(
    X: NDArray[np.float32],
    y: NDArray[np.int64],
    settings: TrainingSettings,
    cross_validate: CrossValidate,
) -> ProbeLosses:
    """Cross-validate the probes' member, with fewer folds and larger steps than a real run.

    Purge gap, early stopping, resampling and calibration are those of `settings`.

    Parameters
    ----------
    X : float32 array of shape (n_rows, n_inputs)
        In time order.
    y : int array of shape (n_rows,)
    settings : TrainingSettings
    cross_validate : CrossValidate
    """
    found = cross_validate(X, y, _fast(settings), lambda _: None, names=(_MEMBER,))
    nothing = Known(np.full(len(y), np.nan), np.full(len(y), np.nan))
    prior = [
        class_prior(y[fold.training], nothing.take(fold.training), nothing.take(fold.test))
        for fold in found.folds
    ]
    true = y[found.rows]
    return ProbeLosses(
        member=log_losses(true, found.calibrated[_MEMBER]),
        prior=log_losses(true, np.concatenate(prior)),
    )


def probe_interval(values: NDArray[np.float64]) -> Interval:
    """Interval of 99.9 % of the mean of a probe's statistic; a leak is one that lies above 0."""
    return block_bootstrap(values, n_resamples=_N_RESAMPLES, confidence=_CONFIDENCE)


def _fast(settings: TrainingSettings) -> TrainingSettings:
    # Checked anew rather than copied: a copy would keep the members that the original cached.
    values = settings.model_dump()
    values["members"][_MEMBER]["params"] |= _FAST
    values["splits"]["n_splits"] = _N_SPLITS
    values["threads"] = 1  # fits this small gain nothing from a second, and wait for it if busy
    return TrainingSettings.model_validate(values)
