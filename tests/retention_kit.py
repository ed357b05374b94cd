"""Versions with files of their own, for what deletes files."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from kaidan.registry.promotion import promote
from kaidan.registry.retention.deletion import Retained, retain
from kaidan.registry.retention.survey import Planned, Rule, survey
from kaidan.registry.store import get_version, versions_of
from kaidan.settings import Settings
from tests.kit import small_settings
from tests.release import using


def register_copy(level: int = 3, **changes: str) -> int:
    """Register a copy of version 1, files and all; `changes` to its tags. Gives its version."""
    name = f"ensemble_level{level}"
    client = MlflowClient()
    found = client.get_model_version(name, "1")
    tags = {k: v for k, v in found.tags.items() if k not in ("promoted_at", "verdict")}
    experiment = client.get_run(found.run_id).info.experiment_id
    model = client.create_logged_model(experiment, name=name, source_run_id=found.run_id)
    with tempfile.TemporaryDirectory() as folder:
        package = mlflow.artifacts.download_artifacts(
            artifact_uri=f"models:/{name}/1", dst_path=folder
        )
        client.log_model_artifacts(model.model_id, package)
    client.finalize_logged_model(model.model_id, "READY")
    uri = f"models:/{model.model_id}"
    return int(mlflow.register_model(uri, name, tags=tags | changes).version)


def files_of(artifacts: Path, model_id: str) -> list[Path]:
    """Files of a logged model, in the folder of all artifacts."""
    return [path for path in artifacts.rglob("*") if path.is_file() and model_id in path.parts]


def survey_of(level: int, settings: Settings) -> tuple[Planned, ...]:
    return survey((level,), Rule(1), settings).planned[level]


def kept(level: int = 3) -> list[int]:
    return [version.number for version in versions_of(level)][::-1]


def keep(n: int, settings: Settings, levels: tuple[int, ...] = (3,)) -> Retained:
    return retain(survey(levels, Rule(n), settings), settings)


def promote_copies(settings: Settings) -> None:
    """Five versions, live one after the other, each with its own files."""
    for _ in range(4):
        promote(get_version(3, register_copy()), settings)


@cache
def promoted_once(database: Path, folder: Path) -> Path:
    folder.mkdir()
    with using(shutil.copy(database, folder / "store.db")):
        promote_copies(small_settings())
    return folder / "store.db"


@pytest.fixture
def promoted(store, settings, release, tmp_path_factory) -> list[int]:
    if isinstance(store, Path):
        made = promoted_once(release.database, tmp_path_factory.getbasetemp() / "promoted")
        with closing(sqlite3.connect(made)) as source, closing(sqlite3.connect(store)) as target:
            source.backup(target)
    else:
        promote_copies(settings)
    return [1, 2, 3, 4, 5]


@pytest.fixture
def whole(release) -> Iterator[None]:
    """Puts back the files that a test damages or removes: all tests share them."""
    before = {path: path.read_bytes() for path in release.artifacts.rglob("*") if path.is_file()}
    yield
    for path, data in before.items():
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
