"""Folders as they were before kaidan, whose pickles go off when they are loaded; an empty store."""

import json
import os
import pickle
import shutil
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import mlflow
import pytest

from tests.made_once import made_once
from tests.release import using

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MODIFIED = 1_750_000_000  # 2025-06-15 15:06:40 UTC


class Bomb:
    """A pickle of it makes a file where it is loaded."""

    def __init__(self, crater: Path) -> None:
        self.crater = crater

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.crater),)


def features(n: int) -> list[str]:
    return [f"feature_{place}" for place in range(n)]


def metadata(n: int = 62, **more: Any) -> dict[str, Any]:
    """What an old training script wrote beside its pickles."""
    return {
        "created_at": "2025-10-31T12:00:00+09:00",
        "feature_names": features(n),
        "performance_metrics": {"lightgbm": {"f1_score": 0.95, "cv": [0.5, 0.25]}},
        "git_info": {"commit": COMMIT, "commit_short": COMMIT[:7], "branch": "main"},
        "notes": "weekly training",
        **more,
    }


class OldFolder:
    """Writes what a user would have."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.crater = root.parent / "crater"

    def pickles(self, *paths: str) -> None:
        for path in paths:
            file = self._file(path)
            file.write_bytes(pickle.dumps(Bomb(self.crater)) + path.encode())
            os.utime(file, (MODIFIED, MODIFIED))

    def json(self, path: str, document: Any) -> None:
        self._file(path).write_text(json.dumps(document))

    def text(self, path: str, text: str) -> None:
        self._file(path).write_text(text)

    def _file(self, path: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        return file


@pytest.fixture
def old(tmp_path: Path) -> Iterator[OldFolder]:
    """An old folder; no test may set off what lies in it."""
    folder = OldFolder(tmp_path / "models")
    folder.root.mkdir()
    yield folder
    assert not folder.crater.exists()


def _empty_store(folder: Path) -> None:
    with using(folder / "empty.db"), chdir(folder):
        mlflow.MlflowClient().create_experiment("kaidan")


@pytest.fixture(scope="session")
def empty_store_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with an experiment and no model, made once for all tests: that takes seconds."""
    return made_once(tmp_path_factory.getbasetemp(), "empty", _empty_store) / "empty.db"


@pytest.fixture
def empty_store(
    empty_store_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A copy of it, in use; the home and the working directory are new."""
    path = tmp_path / "store.db"
    shutil.copy(empty_store_file, path)
    monkeypatch.setenv("KAIDAN_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    with using(path):
        yield path
