"""A small search, where its trials may be kept, and an empty store for them."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import mlflow
import pytest

from kaidan.learning.members import Params
from kaidan.learning.tuned import Trial
from kaidan.settings import Settings, load_settings
from tests.kit import small
from tests.made_once import made_once
from tests.release import using

TUNING = {
    "startup_trials": 2,
    "pruning": {"p_value": 0.3, "min_folds": 2},
    "spaces": {
        "lightgbm": {
            "learning_rate": {"low": 0.001, "high": 0.3, "log": True},
            "num_leaves": {"low": 2, "high": 15, "log": False},
        },
        "xgboost": {"learning_rate": {"low": 0.001, "high": 0.5, "log": True}},
        "random_forest": {"max_depth": {"low": 1, "high": 8, "log": False}},
    },
}


@dataclass
class Notebook:
    """Keeps trials in memory."""

    kept: dict[str, list[Trial]] = field(default_factory=dict)
    written: int = 0

    def finished(self, member: str) -> Sequence[Trial]:
        return list(self.kept.get(member, []))

    def record(self, member: str, trial: Trial, params: Params, seconds: float) -> None:
        assert params.items() >= trial.params.items()
        assert seconds > 0
        self.kept.setdefault(member, []).append(trial)
        self.written += 1


def tuning_settings() -> Settings:
    """Few trees, few folds, and the small search."""
    return load_settings().with_training(small(tuning=TUNING))


def _empty_database(folder: Path) -> None:
    """A store whose tables are made: that is what takes seconds."""
    with using(folder / "empty.db"):
        mlflow.MlflowClient().search_experiments()


@pytest.fixture
def empty_store(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A store without runs, in use; the home and the working directory are new."""
    database = tmp_path / "store.db"
    shutil.copy(
        made_once(tmp_path_factory.getbasetemp(), "tables", _empty_database) / "empty.db", database
    )
    monkeypatch.setenv("KAIDAN_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    with using(database):
        yield database
