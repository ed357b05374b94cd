"""Small, fast settings, and rows with a signal planted in them."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from kaidan.settings import Settings, TrainingSettings, load_settings

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
    values["threads"] = 1  # so little work is slower when it is shared
    return TrainingSettings.model_validate(values | changes)


@cache
def small_settings() -> Settings:
    """The whole configuration, with few trees and few folds, whose models any gate of skill lets
    through: how good they are is not what is tested with them."""
    settings = load_settings().model_copy(update={"training": small()})
    return wanting(
        settings,
        skill_vs_prior=-1.0,
        volatility_margin=-1.0,
        calibration_error=1.0,
        confidence_spread=0.0,
        one_class=1.0,
    )


def wanting(settings: Settings, **thresholds: float) -> Settings:
    """The same settings, but for what a candidate needs to pass some checks."""
    checks = {
        name: getattr(settings.gates.checks, name).model_copy(update={"threshold": threshold})
        for name, threshold in thresholds.items()
    }
    gates = settings.gates.model_copy(
        update={"checks": settings.gates.checks.model_copy(update=checks)}
    )
    return settings.model_copy(update={"gates": gates})


def write_config(folder: Path, settings: Settings | None = None) -> Path:
    """Write `settings` (default: the small ones) as YAML files, for `--config`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in _small_texts() if settings is None else _texts(settings):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def _texts(settings: Settings) -> tuple[tuple[str, str], ...]:
    parts = settings.model_dump(mode="json")
    return tuple(
        (name, yaml.dump(values, Dumper=yaml.CSafeDumper)) for name, values in parts.items()
    )


@cache
def _small_texts() -> tuple[tuple[str, str], ...]:
    return _texts(small_settings())


def planted(n: int = 1500, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows whose class follows column `a`, with noise; 60 % HOLD."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 4)), columns=list("abcd"))
    score = X["a"] + 0.8 * rng.normal(size=n)
    y = np.digitize(score, np.quantile(score, [0.2, 0.8]))
    return X, y
