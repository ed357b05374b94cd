"""Small, fast training settings and rows with a signal planted in them."""

import numpy as np
import pandas as pd

from kaidan.settings import TrainingSettings, load_settings

SMALL = {
    "lightgbm": {"n_estimators": 25, "learning_rate": 0.1, "num_leaves": 7},
    "xgboost": {"n_estimators": 25, "learning_rate": 0.2, "max_depth": 3},
    "random_forest": {"n_estimators": 20, "max_depth": 5},
}


def small(**changes: object) -> TrainingSettings:
    """kaidan's settings with few trees; `changes` replaces whole keys."""
    values = load_settings().training.model_dump()
    for name, params in SMALL.items():
        values["members"][name]["params"] = params
    values["splits"] |= {"n_splits": 3, "min_train_rows": 100}
    return TrainingSettings.model_validate(values | changes)


def planted(n: int = 1500, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows whose class follows column `a`, with noise; 60 % HOLD."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 4)), columns=list("abcd"))
    score = X["a"] + 0.8 * rng.normal(size=n)
    y = np.digitize(score, np.quantile(score, [0.2, 0.8]))
    return X, y
