"""The members: one fit each, with early stopping where the library has rounds to stop."""

import warnings
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import xgboost
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier

from kaidan.errors import TrainingError
from kaidan.learning.resampling import Balanced, balance
from kaidan.settings import TrainingSettings
from kaidan.signal import N_CLASSES, Signal


@dataclass(frozen=True)
class Member:
    """A fitted estimator of one library.

    Attributes
    ----------
    name : str
        `lightgbm`, `xgboost` or `random_forest`.
    estimator : object
        Fitted on classes 0..k-1, the positions in `classes`.
    classes : int array of shape (k,)
        Signals that its training part had; the others get probability 0.
    class_factor : float array of shape (3,)
        How much more each signal counted in training than in the rows as they came.
    """

    name: str
    estimator: Any
    classes: NDArray[np.int64]
    class_factor: NDArray[np.float64]

    def predict_proba(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """Uncalibrated probabilities of shape (n_rows, 3)."""
        probabilities = np.zeros((len(X), N_CLASSES))
        with warnings.catch_warnings():
            # LightGBM names the columns of an array and scikit-learn then misses them in X.
            warnings.filterwarnings("ignore", "X does not have valid feature names")
            probabilities[:, self.classes] = self.estimator.predict_proba(X)
        # XGBoost adds up to 1 in single precision only.
        return np.asarray(probabilities / probabilities.sum(axis=1, keepdims=True))

    @property
    def n_rounds(self) -> int:
        """Boosting rounds (or trees) that predict."""
        if self.name == "lightgbm":
            return int(self.estimator.best_iteration_)
        if self.name == "xgboost":
            return int(self.estimator.best_iteration) + 1
        return len(self.estimator.estimators_)


def fit_member(
    name: str,
    settings: TrainingSettings,
    fit: tuple[NDArray[np.float32], NDArray[np.int64]],
    stopping: tuple[NDArray[np.float32], NDArray[np.int64]],
) -> Member:
    """Fit one member on a training part.

    Parameters
    ----------
    name : str
        A key of `settings.members`.
    settings : TrainingSettings
        Parameters, resampling, seed and thread count.
    fit, stopping : (X, y)
        The head of the training part to learn from and its tail to stop on.

    Raises
    ------
    TrainingError
        The head holds fewer than two classes, or none of the tail's rows has a class of it.
    """
    X, y = fit
    classes = np.unique(y)
    if len(classes) < 2:
        held = [Signal(c).name for c in classes]
        raise TrainingError(
            f"a training part holds only {held}, wants at least two classes; "
            "use more --days or a smaller label.threshold_return"
        )
    balanced = balance(X, y, settings.resampling, settings.seed)
    positions = np.searchsorted(classes, balanced.y)
    params = settings.members.by_name[name].params
    if name == "random_forest":
        forest = _forest(params, settings, balanced, positions)
        return Member(name, forest, classes, balanced.class_factor)
    known = np.isin(stopping[1], classes)
    if not known.any():
        raise TrainingError("early stopping has no row of a class that was learnt; use more --days")
    watched = (
        stopping[0][known],
        np.searchsorted(classes, stopping[1][known]),
        balanced.class_factor[stopping[1][known]],
    )
    boost = _lightgbm if name == "lightgbm" else _xgboost
    booster = boost(params, settings, balanced, positions, watched)
    return Member(name, booster, classes, balanced.class_factor)


Watched = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float64]]


def _lightgbm(
    params: dict[str, Any],
    settings: TrainingSettings,
    balanced: Balanced,
    positions: NDArray[np.int64],
    watched: Watched,
) -> lightgbm.LGBMClassifier:
    model = lightgbm.LGBMClassifier(
        **params,
        random_state=settings.seed,
        n_jobs=settings.threads,
        deterministic=True,
        force_col_wise=True,
        verbosity=-1,
    )
    X, y, weight = watched
    return model.fit(
        balanced.X,
        positions,
        sample_weight=balanced.weight,
        eval_X=(X,),
        eval_y=(y,),
        eval_sample_weight=[weight],
        callbacks=[lightgbm.early_stopping(settings.early_stopping_rounds, verbose=False)],
    )


def _xgboost(
    params: dict[str, Any],
    settings: TrainingSettings,
    balanced: Balanced,
    positions: NDArray[np.int64],
    watched: Watched,
) -> xgboost.XGBClassifier:
    model = xgboost.XGBClassifier(
        **params,
        random_state=settings.seed,
        n_jobs=settings.threads,
        tree_method="hist",
        early_stopping_rounds=settings.early_stopping_rounds,
    )
    X, y, weight = watched
    return model.fit(
        balanced.X,
        positions,
        sample_weight=balanced.weight,
        eval_set=[(X, y)],
        sample_weight_eval_set=[weight],
        verbose=False,
    )


def _forest(
    params: dict[str, Any],
    settings: TrainingSettings,
    balanced: Balanced,
    positions: NDArray[np.int64],
) -> RandomForestClassifier:
    model = RandomForestClassifier(
        **params, random_state=settings.seed, n_jobs=settings.threads
    ).fit(balanced.X, positions, sample_weight=balanced.weight)
    # Several threads add up the trees in whatever order they finish: not the same number twice.
    return model.set_params(n_jobs=1)
