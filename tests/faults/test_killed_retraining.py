"""kill -9 at points of a retraining, one after the other: the last one ends as if nobody had."""

import multiprocessing
import os
import signal
from pathlib import Path

import mlflow
import pytest

from kaidan.features.contract import LEVELS
from kaidan.market.sample import sample_bars
from kaidan.monitoring.retraining.week import week_of
from kaidan.registry import journal
from kaidan.registry.provenance import provenance
from kaidan.registry.store import get_version, live_version, versions_of
from kaidan.settings import load_settings
from tests.faults import retraining_victim
from tests.faults.processes import ROOT
from tests.release import DAYS, Release, kaidan, register_twin, store

__all__ = ["store"]


def killed(config: Path, point: str) -> int:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.retraining_victim"])
    environment = {k: v for k, v in os.environ.items() if k.startswith(("MLFLOW_", "KAIDAN_"))}
    process = context.Process(
        target=retraining_victim.retrain,
        args=(mlflow.get_tracking_uri(), environment, config, point),
    )
    process.start()
    process.join()
    return process.exitcode


def tear(release: Release) -> str:
    """Make levels 1 and 2 once more a release of the week, as cut off before level 3; its run."""
    client, code = mlflow.MlflowClient(), provenance()
    tags = {
        "retraining": week_of(sample_bars().index[-1]),
        "config_id": load_settings(release.config).config_id,
        "git_commit": code.commit,
        "git_dirty": str(code.dirty).lower(),
    }
    for level in (1, 2):
        number = str(register_twin(level))
        for name, value in tags.items():
            client.set_model_version_tag(f"ensemble_level{level}", number, name, value)
    return get_version(1, 1).tag("release")


def versions() -> dict[int, list[int]]:
    return {level: sorted(one.number for one in versions_of(level)) for level in LEVELS}


def open_runs() -> int:
    wanted = "attributes.status = 'RUNNING'"
    return len(mlflow.search_runs(search_all_experiments=True, filter_string=wanted))


def test_a_retraining_killed_at_each_point_in_turn_ends_in_the_state_of_one_that_was_not(
    release: Release, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    torn = tear(release)
    after = {
        "locked": {1: [1, 2], 2: [1, 2], 3: [1]},
        "trained, not registered": {1: [1, 2], 2: [1, 2], 3: [1]},
        "level 1 moved": {1: [1, 2], 2: [1, 2], 3: [1, 2]},
    }
    for point, registered in after.items():
        assert killed(release.config, point) == -signal.SIGKILL, point
        assert versions() == registered, point
    assert [live_version(level).number for level in LEVELS] == [2, 1, 1]

    done = kaidan("retrain", "--days", DAYS, "--config", str(release.config), "--json")
    assert done.code == 0, done.err
    assert (done.json["verdict"], done.json["release"]) == ("promoted", torn)
    # What was trained undisturbed, from the same bars with the same seed, is the same model.
    for level, undisturbed in zip(LEVELS, release.answer["levels"], strict=True):
        version = get_version(level, 2)
        assert version.tag("model_sha256") == undisturbed["model_sha256"]
        assert (version.stage, version.aliases) == ("Production", ("production",))
        assert get_version(level, 1).aliases == ("previous",)
        assert version.tag("release") == torn
    assert versions() == after["level 1 moved"]
    assert not list(journal.still_open())
    assert open_runs() == 0
    again = kaidan("retrain", "--days", DAYS, "--config", str(release.config), "--json")
    assert (again.code, again.json["levels"]) == (0, done.json["levels"])
