"""Folders that take long to make: the first worker to want one makes it, the others take copies."""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from mlflow.tracking._tracking_service.utils import _artifact_repos_cache


def made_once(base: Path, name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name` that all workers of this run share, made by `make`; not to be changed.

    `base` is this worker's folder of temporary folders.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder, done = base / "made_once" / name, base / "made_once" / f"{name}.done"
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


def own_copy(made: Path, folder: Path) -> Path:
    """A worker's copy of `made`, whose store.db knows the files of the copy."""
    shutil.copytree(made, folder)
    with closing(sqlite3.connect(folder / "store.db")) as db, db:
        for table, column in (
            ("experiments", "artifact_location"),
            ("runs", "artifact_uri"),
            ("logged_models", "artifact_location"),
            ("model_versions", "storage_location"),
            ("model_versions", "source"),
        ):
            db.execute(
                f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (str(made), str(folder))
            )
    # Who made it would go on writing there: MLflow remembers by run where its artifacts are.
    _artifact_repos_cache.clear()
    return folder
