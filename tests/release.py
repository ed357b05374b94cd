"""One small release, trained through the command line into a real store, once for all tests.

A test that moves versions does so in a copy of the store; the artifacts are shared.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import mlflow
import pytest

from kaidan.cli import main
from kaidan.serving.ladder import Ladder
from kaidan.settings import Settings
from tests.kit import write_config
from tests.made_once import made_once, own_copy

DAYS = "40"


@dataclass(frozen=True)
class Done:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out)


def kaidan(*arguments: str) -> Done:
    """Run a command in this process."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as done:
        main(list(arguments))
    return Done(int(done.value.code or 0), out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Release:
    """Levels 1, 2 and 3 of `sample`, each with one version, live."""

    database: Path | str
    artifacts: Path
    config: Path
    answer: dict[str, Any]

    @property
    def options(self) -> tuple[str, ...]:
        """How `kaidan train` was asked, but for the level."""
        return "--days", DAYS, "--config", str(self.config), "--json"


def register_twin(level: int = 3) -> int:
    """Register the model of version 1 once more, as a candidate; gives its version."""
    name = f"ensemble_level{level}"
    found = mlflow.MlflowClient().get_model_version(name, "1")
    tags = {k: v for k, v in found.tags.items() if k not in ("promoted_at", "verdict")}
    return int(mlflow.register_model(found.source, name, tags=tags).version)


@contextmanager
def using(store: Path | str) -> Iterator[None]:
    """Let MLflow use a database file or a server, and the store before it afterwards."""
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{store}" if isinstance(store, Path) else store)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)


def train_release(folder: Path) -> None:
    """Train the release into the store that MLflow uses; its answer is written to `folder`."""
    config = write_config(folder / "config")
    done = kaidan("train", "--level", "all", "--days", DAYS, "--config", str(config), "--json")
    assert done.code == 0, done.err
    (folder / "answer.json").write_text(done.out, encoding="utf-8")


def _train_into_sqlite(folder: Path) -> None:
    with using(folder / "store.db"), chdir(folder):
        train_release(folder)


@cache
def small_release(base: Path) -> Release:
    made = made_once(base, "release", _train_into_sqlite)
    folder = own_copy(made, base / "release")
    answer = (folder / "answer.json").read_text(encoding="utf-8").replace(str(made), str(folder))
    return Release(folder / "store.db", folder / "mlruns", folder / "config", json.loads(answer))


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return small_release(tmp_path_factory.getbasetemp())


def filled_home(release: Release, settings: Settings, folder: Path) -> Path:
    """Make `folder` a home whose cache holds the release."""
    with using(release.database):
        assert not Ladder.from_registry(settings, home=folder).unloaded
    return folder


@contextmanager
def decisions_kept(release: Release) -> Iterator[None]:
    """Put back what a test's verdicts on twins write into the runs, which all tests share."""
    before = {
        path: path.read_bytes() for path in release.artifacts.glob("*/*/artifacts/decision/*")
    }
    try:
        yield
    finally:
        for path, data in before.items():
            if path.read_bytes() != data:
                path.write_bytes(data)


@contextmanager
def copied(release: Release, folder: Path) -> Iterator[Path]:
    """A copy of the release's database in `folder`, in use."""
    database = folder / "store.db"
    shutil.copy(release.database, database)
    with using(database), decisions_kept(release):
        yield database


@pytest.fixture
def store(release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the release's store, in use; the home and the working directory are new."""
    monkeypatch.setenv("KAIDAN_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    with copied(release, tmp_path) as database:
        yield database
