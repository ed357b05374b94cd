"""Settings for benchmarks that need any model, quickly: few trees, and gates that only warn."""

from pathlib import Path

import yaml

from kaidan.settings import load_settings

TREES = {
    "lightgbm": {"n_estimators": 25, "learning_rate": 0.1, "num_leaves": 7},
    "xgboost": {"n_estimators": 25, "learning_rate": 0.2, "max_depth": 3},
    "random_forest": {"n_estimators": 20, "max_depth": 5},
}


def write_config(folder: Path) -> Path:
    """Few trees, and gates that any model passes: how good it is changes no time."""
    values = load_settings().model_dump(mode="json")
    for name, params in TREES.items():
        values["training"]["members"][name]["params"] = params
    values["training"]["splits"] |= {"n_splits": 3, "min_train_rows": 100}
    for check in values["gates"]["checks"].values():
        check["severity"] = "warn"
    return write_values(values, folder)


def write_values(values: dict, folder: Path) -> Path:
    """Settings as YAML files in a new folder, for `--config`."""
    folder.mkdir()
    for name, part in values.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(part), encoding="utf-8")
    return folder
