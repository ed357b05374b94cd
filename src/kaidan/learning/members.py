"""The members: one fit each, with early stopping where the library has rounds to stop."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import xgboost
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier

from kaidan.learning.training_part import TrainingPart
from kaidan.signal import N_CLASSES

Params = Mapping[str, float | int | str | bool]
Trees = Any  # lightgbm.Booster, xgboost.Booster or RandomForestClassifier: untyped, all three


@dataclass(frozen=True)
class Member:
    """Fitted trees of one library.

    Attributes
    ----------
    name : str
        `lightgbm`, `xgboost` or `random_forest`.
    trees : lightgbm.Booster, xgboost.Booster or RandomForestClassifier
        Fitted on classes 0..k-1, the positions in `classes`.
    classes : int array of shape (k,)
        Signals that its training part had; the others get probability 0.
    class_factor : float array of shape (3,)
        How much more each signal counted in training than in the rows as they came.
    """

    name: str
    trees: Trees
    classes: NDArray[np.int64]
    class_factor: NDArray[np.float64]

    def predict_proba(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """Uncalibrated probabilities of shape (n_rows, 3)."""
        probabilities = np.zeros((len(X), N_CLASSES))
        probabilities[:, self.classes] = tree_proba(self.trees, X)
        # XGBoost adds up to 1 in single precision only.
        return np.asarray(probabilities / probabilities.sum(axis=1, keepdims=True))

    @property
    def n_rounds(self) -> int:
        """Boosting rounds (or trees) that predict."""
        return _n_rounds(self.trees)


def tree_proba(trees: Trees, X: NDArray[np.float32]) -> NDArray[np.float64]:
    """Probabilities of the k classes that the trees were fitted on, of shape (n_rows, k)."""
    if isinstance(trees, RandomForestClassifier):
        return np.asarray(trees.predict_proba(X))
    if isinstance(trees, lightgbm.Booster):
        said = np.asarray(trees.predict(X))
    else:
        said = np.asarray(trees.inplace_predict(X, iteration_range=(0, _n_rounds(trees))))
    # With two classes a booster gives the probability of the second one only.
    return said if said.ndim == 2 else np.column_stack([1.0 - said, said])


def _n_rounds(trees: Trees) -> int:
    if isinstance(trees, RandomForestClassifier):
        return len(trees.estimators_)
    best = trees.best_iteration
    return int(best if isinstance(trees, lightgbm.Booster) else best + 1)


def fit_member(name: str, params: Params, part: TrainingPart) -> Member:
    """Fit one member on a training part.

    Parameters
    ----------
    name : str
        A key of `settings.members`.
    params : mapping
        The library's own parameters, and `n_estimators`.
    part : TrainingPart
    """
    fit = {"lightgbm": _lightgbm, "xgboost": _xgboost, "random_forest": _forest}[name]
    return Member(name, fit(params, part), part.classes, part.balanced.class_factor)


def _lightgbm(params: Params, part: TrainingPart) -> lightgbm.Booster:
    chosen = dict(params)
    rounds = int(chosen.pop("n_estimators"))
    learnt, watched = part.lightgbm_data
    return lightgbm.train(
        chosen | part.lightgbm_manner | _objective(part, "binary", "multiclass"),
        learnt,
        num_boost_round=rounds,
        valid_sets=[watched],
        callbacks=[lightgbm.early_stopping(part.settings.early_stopping_rounds, verbose=False)],
    )


def _xgboost(params: Params, part: TrainingPart) -> xgboost.Booster:
    chosen = dict(params)
    rounds = int(chosen.pop("n_estimators"))
    learnt, watched = part.xgboost_data
    return xgboost.train(
        chosen
        | _objective(part, "binary:logistic", "multi:softprob")
        | {"seed": part.settings.seed, "nthread": part.settings.threads, "tree_method": "hist"},
        learnt,
        num_boost_round=rounds,
        evals=[(watched, "watched")],
        early_stopping_rounds=part.settings.early_stopping_rounds,
        verbose_eval=False,
    )


def _objective(part: TrainingPart, two: str, more: str) -> dict[str, Any]:
    k = len(part.classes)
    return {"objective": two} if k == 2 else {"objective": more, "num_class": k}


def _forest(params: Params, part: TrainingPart) -> RandomForestClassifier:
    forest = RandomForestClassifier(
        **params, random_state=part.settings.seed, n_jobs=part.settings.threads
    ).fit(part.balanced.X, part.positions, sample_weight=part.balanced.weight)
    # Several threads add up the trees in whatever order they finish: not the same number twice.
    return forest.set_params(n_jobs=1)
