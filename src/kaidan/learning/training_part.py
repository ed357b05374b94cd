"""A training part as the members want it: balanced once, and binned once a library.

Every member of a fold, and every trial of its tuning, is fitted on the same object.
"""

from dataclasses import dataclass
from functools import cached_property

import lightgbm
import numpy as np
import xgboost
from numpy.typing import NDArray

from kaidan.errors import TrainingError
from kaidan.learning.resampling import Balanced, balance
from kaidan.learning.splits import Fold
from kaidan.settings import TrainingSettings
from kaidan.signal import Signal


@dataclass(frozen=True)
class TrainingPart:
    """The head of a training part to learn from, and its tail to stop on.

    Attributes
    ----------
    balanced : Balanced
        Rows to learn from.
    classes : int array of shape (k,)
        Signals that the head has; `positions` counts in it.
    positions : int array of shape (n_balanced,)
    watched : float32 array of shape (n_watched, n_inputs)
        Rows of the tail whose class the head has.
    watched_positions : int array of shape (n_watched,)
    watched_weight : float array of shape (n_watched,)
    settings : TrainingSettings
    """

    balanced: Balanced
    classes: NDArray[np.int64]
    positions: NDArray[np.int64]
    watched: NDArray[np.float32]
    watched_positions: NDArray[np.int64]
    watched_weight: NDArray[np.float64]
    settings: TrainingSettings

    @property
    def lightgbm_manner(self) -> dict[str, float | int | str | bool]:
        """How LightGBM works here, whatever it learns: the same twice, and quietly."""
        return {
            "seed": self.settings.seed,
            "num_threads": self.settings.threads,
            "deterministic": True,
            "force_col_wise": True,
            # A feature that one trial cannot split on must be there for the next.
            "feature_pre_filter": False,
            "verbosity": -1,
        }

    @cached_property
    def lightgbm_data(self) -> tuple[lightgbm.Dataset, lightgbm.Dataset]:
        """Both parts in LightGBM's bins."""
        params = self.settings.members.lightgbm.params | self.lightgbm_manner
        learnt = lightgbm.Dataset(
            self.balanced.X, self.positions, weight=self.balanced.weight, params=params
        )
        watched = lightgbm.Dataset(
            self.watched,
            self.watched_positions,
            weight=self.watched_weight,
            reference=learnt,
            params=params,
        )
        return learnt.construct(), watched.construct()

    @cached_property
    def xgboost_data(self) -> tuple[xgboost.QuantileDMatrix, xgboost.QuantileDMatrix]:
        """Both parts in XGBoost's bins."""
        max_bin = int(self.settings.members.xgboost.params.get("max_bin", 256))
        threads = self.settings.threads
        learnt = xgboost.QuantileDMatrix(
            self.balanced.X,
            self.positions,
            weight=self.balanced.weight,
            max_bin=max_bin,
            nthread=threads,
        )
        watched = xgboost.QuantileDMatrix(
            self.watched,
            self.watched_positions,
            weight=self.watched_weight,
            max_bin=max_bin,
            nthread=threads,
            ref=learnt,
        )
        return learnt, watched


def prepare(
    X: NDArray[np.float32], y: NDArray[np.int64], fold: Fold, settings: TrainingSettings
) -> TrainingPart:
    """Balance the head of a fold's training part; of its tail, keep what can be watched.

    Raises
    ------
    TrainingError
        The head holds fewer than two classes, or none of the tail's rows has a class of it.
    """
    classes = np.unique(y[fold.fit])
    if len(classes) < 2:
        held = [Signal(c).name for c in classes]
        raise TrainingError(
            f"a training part holds only {held}, wants at least two classes; "
            "use more --days or a smaller label.threshold_return"
        )
    watched = fold.stopping[np.isin(y[fold.stopping], classes)]
    if not len(watched):
        raise TrainingError("early stopping has no row of a class that was learnt; use more --days")
    balanced = balance(X[fold.fit], y[fold.fit], settings.resampling, settings.seed)
    return TrainingPart(
        balanced=balanced,
        classes=classes,
        positions=np.searchsorted(classes, balanced.y),
        watched=X[watched],
        watched_positions=np.searchsorted(classes, y[watched]),
        watched_weight=balanced.class_factor[y[watched]],
        settings=settings,
    )
