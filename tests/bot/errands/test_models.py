"""The errand that brings models: a process of its own, whose answer is one JSON object."""

import json
import os
import subprocess
import sys
from pathlib import Path

from kaidan.bot.errands.outside import ask
from kaidan.serving.cache import ModelCache
from tests.release import release, store

__all__ = ["release", "store"]

MODULE = "kaidan.bot.errands.models"


def test_it_fills_the_cache_and_says_so(store, release, tmp_path: Path) -> None:
    said = ask(
        MODULE,
        arguments=("--config", str(release.config)),
        env={"MLFLOW_TRACKING_URI": f"sqlite:///{store}"},
        timeout_seconds=120,
    )
    found = json.loads(said)
    assert found["failed"] is False
    assert [one["live"]["what"] for one in found["levels"]] == ["fetched"] * 3
    assert sorted(ModelCache(tmp_path / "home").entries()) == [1, 2, 3]


def test_a_registry_that_is_down_is_an_answer(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", MODULE],
        env=os.environ
        | {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
        | {"KAIDAN_HOME": str(tmp_path / "home")},
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["failed"] is True
    assert not (tmp_path / "home").exists()
