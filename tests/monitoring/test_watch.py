"""One look at the journal of a bot, with a real registry: what it finds, keeps, tells and does."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import mlflow
import numpy as np
import pytest

from kaidan.bot.alerts.severity import Severity
from kaidan.bot.journal.reader import read_journal
from kaidan.monitoring.drift_report import PATH
from kaidan.monitoring.life_run import life_run
from kaidan.monitoring.watch import watch
from kaidan.monitoring.watched import LevelWatched, Watched
from kaidan.registry import journal as history
from kaidan.registry.record import Action
from kaidan.registry.store import live_version
from kaidan.settings import Settings
from tests.kit import small_settings, write_config
from tests.monitoring.lived import LEVEL, N_BARS, lived_through, promote_twin, rewritten, wrong
from tests.release import Release, copied, kaidan, release

__all__ = ["release"]

SETTINGS = small_settings()


@pytest.fixture(scope="module")
def lived(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a store, a home and a journal `bot.sqlite`; tests work in copies of it."""
    folder = tmp_path_factory.mktemp("lived")
    with pytest.MonkeyPatch.context() as patch, copied(release, folder):
        patch.setenv("KAIDAN_HOME", str(folder / "home"))
        patch.chdir(folder)
        promote_twin(SETTINGS)
        lived_through(SETTINGS, folder)
        yield folder


@pytest.fixture
def journal(
    lived: Path, release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """The journal, with the store as it was then, and a cache that is filled."""
    monkeypatch.setenv("KAIDAN_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    shutil.copytree(lived / "home", tmp_path / "home")
    there = Release(lived / "store.db", release.artifacts, release.config, release.answer)
    with copied(there, tmp_path) as database:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{database}")
        yield lived / "bot.sqlite"


@pytest.fixture
def failing(journal: Path) -> Path:
    """A journal in which the live version is worse than the one before."""
    return rewritten(journal, "failing", wrong)


def looked(path: Path, *, takes_back: bool = False, settings: Settings = SETTINGS) -> Watched:
    with read_journal(path) as reader:
        return watch(reader, settings, takes_back=takes_back)


def of_level(watched: Watched, level: int = LEVEL) -> LevelWatched:
    (found,) = [one for one in watched.levels if one.level == level]
    return found


def severities(watched: Watched) -> dict[str, Severity | None]:
    return {one.key: one.severity for one in watched.matters}


def test_every_live_level_is_looked_at_and_nothing_is_wrong_with_a_twin(journal: Path) -> None:
    found = looked(journal)
    assert [one.level for one in found.levels] == [1, 2, 3]
    one = of_level(found)
    assert (one.version, one.n_bars) == (2, N_BARS)
    assert one.scores.n_bars == N_BARS - SETTINGS.training.label.horizon_bars
    assert one.shadow.skill == one.scores.skill  # the same model
    assert one.canary.verdict == "watching"
    assert (one.canary.before, one.canary.e_value) == (1, 1.0)
    assert (found.moved, found.fails) == (False, False)
    silent = of_level(found, 3)
    assert (silent.n_bars, silent.scores, silent.drift.verdict) == (0, None, "untold")
    keys = [f"{kind} {level}" for level in (1, 2, 3) for kind in ("drift", "skill", "canary")]
    assert [one.key for one in found.matters] == keys
    assert set(severities(found).values()) <= {None, Severity.warning}
    assert severities(found)[f"canary {LEVEL}"] is None


def test_a_look_is_a_point_on_the_curves_of_the_versions_life(journal: Path) -> None:
    one = of_level(looked(journal))
    client, run_id = mlflow.MlflowClient(), life_run(live_version(LEVEL))
    (point,) = client.get_metric_history(run_id, "live/skill")
    assert (point.step, point.value) == (N_BARS, one.scores.skill.estimate)
    metrics = client.get_run(run_id).data.metrics
    assert {"shadow/skill", "canary/e_value", "drift/max_excess"} <= metrics.keys()
    assert all(np.isfinite(list(metrics.values())))
    page = Path(mlflow.artifacts.download_artifacts(f"runs:/{run_id}/{PATH}"))
    assert f"Level {LEVEL} version 2" in page.read_text(encoding="utf-8")
    looked(journal)
    assert len(client.get_metric_history(run_id, "live/skill")) == 1


def test_of_a_level_that_answered_nothing_nothing_is_kept(journal: Path) -> None:
    looked(journal)
    assert "life_run" not in live_version(3).tags


def test_a_version_that_fails_is_told_of_and_stays_unless_it_may_be_taken_back(
    failing: Path,
) -> None:
    for found in (
        looked(failing),
        looked(failing, takes_back=True, settings=_that_only_tells()),
    ):
        assert (found.fails, found.moved) == (True, False)
        assert severities(found)[f"canary {LEVEL}"] is Severity.critical
        assert severities(found)[f"skill {LEVEL}"] is Severity.warning
        assert live_version(LEVEL).number == 2


def test_a_version_that_fails_is_taken_back_once_and_the_matter_is_over(failing: Path) -> None:
    found = looked(failing, takes_back=True)
    assert (found.fails, found.moved) == (False, True)
    assert live_version(LEVEL).number == 1
    (matter,) = [one for one in found.matters if one.key == f"canary {LEVEL}"]
    assert matter.severity is Severity.critical
    assert matter.text.startswith(f"level {LEVEL} is back at version 1: ")
    record = history.standing(LEVEL)
    assert record.action is Action.rollback
    assert record.reason.startswith("canary: it is worse than version 1")
    again = looked(failing, takes_back=True)
    assert (again.moved, again.fails) == (False, False)
    assert severities(again)[f"canary {LEVEL}"] is None


def test_what_cannot_be_taken_back_is_said_and_stays(failing: Path) -> None:
    mlflow.MlflowClient().delete_model_version(f"ensemble_level{LEVEL}", "1")
    found = looked(failing, takes_back=True)
    assert (found.fails, found.moved) == (True, False)
    assert "cannot be taken back" in of_level(found).taken_back.said
    assert live_version(LEVEL).number == 2


def test_without_the_cache_the_reference_is_fetched(journal: Path, tmp_path: Path) -> None:
    cached = of_level(looked(journal)).scores
    shutil.rmtree(tmp_path / "home" / "models")
    assert of_level(looked(journal)).scores == cached


def test_the_errand_tells_what_the_bot_must_know(failing: Path, tmp_path: Path) -> None:
    config = write_config(tmp_path / "config")
    done = subprocess.run(
        [sys.executable, "-m", "kaidan.monitoring.watch_errand", failing, "--config", config],
        capture_output=True,
        check=True,
        text=True,
        env=dict(os.environ),
    )
    said = json.loads(done.stdout)
    assert said["moved"] is True
    (canary,) = [one for one in said["matters"] if one["key"] == f"canary {LEVEL}"]
    assert canary["severity"] == "critical"
    assert live_version(LEVEL).number == 1


def test_kaidan_monitor_looks_and_moves_nothing_unless_asked(
    failing: Path, release: Release
) -> None:
    asked = ("monitor", "--name", "failing", "--config", str(release.config))
    page = kaidan(*asked)
    assert page.code == 1
    assert f"Level {LEVEL} version 2: answered {N_BARS} bars" in page.out
    assert "it is worse than version 1" in " ".join(page.out.split())
    assert live_version(LEVEL).number == 2
    moved = kaidan(*asked, "--roll-back", "--json")
    assert (moved.code, moved.json["moved"]) == (0, True)
    assert live_version(LEVEL).number == 1


def test_kaidan_monitor_of_an_empty_registry_says_what_to_do(
    journal: Path, release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'empty.db'}")
    done = kaidan("monitor", "--file", str(journal), "--config", str(release.config))
    assert done.code == 0
    assert "no level has a Production version" in done.out


def test_a_journal_is_named_once(journal: Path) -> None:
    done = kaidan("monitor", "--file", str(journal), "--name", "failing")
    assert done.code == 2
    assert "--name and --file" in done.err


def _that_only_tells() -> Settings:
    monitoring = SETTINGS.bot.monitoring
    canary = monitoring.canary.model_copy(update={"rolls_back": False})
    bot = SETTINGS.bot.model_copy(
        update={"monitoring": monitoring.model_copy(update={"canary": canary})}
    )
    return SETTINGS.model_copy(update={"bot": bot})
