"""The run of a version's life, in a real store; every test has a version of its own."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import mlflow
import pandas as pd
import pytest

from kaidan.errors import StoreError
from kaidan.market.bar import BARS_PER_DAY, ONE_BAR
from kaidan.monitoring.drift import DriftReport
from kaidan.monitoring.drift_report import PATH
from kaidan.monitoring.drift_sizes import ColumnDrift
from kaidan.monitoring.life_run import LINK, LIVES, keep_page, life_run, log_life
from kaidan.registry.client import Client
from kaidan.registry.store import Version, get_version, model_name
from tests.release import using

T = TypeVar("T")
LEVEL = 2
BEGAN = pd.Timestamp("2026-11-01T00:00Z")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("lives")
    database = folder / "store.db"
    with pytest.MonkeyPatch.context() as patch, using(database):
        patch.chdir(folder)
        Client().create_registered_model(model_name(LEVEL))
        yield database


@pytest.fixture
def version(database: Path) -> Version:
    return registered(tags={"model_sha256": "d1"})


def registered(tags: dict[str, str]) -> Version:
    client = Client()
    training = client.create_run("0", run_name="training").info.run_id
    source = f"runs:/{training}/model"
    made = client.create_model_version(model_name(LEVEL), source, run_id=training, tags=tags)
    return again(int(made.version))


def again(version: Version | int) -> Version:
    """As the store has it now."""
    return get_version(LEVEL, version if isinstance(version, int) else version.number)


def lives(version: Version) -> list[str]:
    """Runs that are there for a version."""
    client = Client()
    (experiment,) = [one for one in client.search_experiments() if one.name == LIVES]
    wanted = f"tags.level = '{version.level}' and tags.version = '{version.number}'"
    return [run.info.run_id for run in client.search_runs([experiment.experiment_id], wanted)]


def points(run_id: str, name: str) -> list[tuple[int, float, int]]:
    return [
        (one.step, one.value, one.timestamp) for one in Client().get_metric_history(run_id, name)
    ]


def at_once(ask: Callable[[], T], n: int = 4) -> list[T]:
    """What each of `n` callers got that began together."""
    together = threading.Barrier(n)

    def when_all_are_there() -> T:
        together.wait()
        return ask()

    with ThreadPoolExecutor(n) as pool:
        asked = [pool.submit(when_all_are_there) for _ in range(n)]
        return [one.result() for one in asked]


def at(step: int) -> pd.Timestamp:
    return BEGAN + (step - 1) * ONE_BAR


def test_a_life_is_begun_once_and_found_ever_after(version) -> None:
    run_id = life_run(version)
    assert life_run(version) == run_id
    assert life_run(again(version)) == run_id
    assert lives(version) == [run_id]
    assert again(version).tags[LINK] == run_id


def test_each_version_has_a_life_of_its_own_that_says_whose_it_is(version) -> None:
    other = registered(tags={})
    assert life_run(version) != life_run(other)
    run = Client().get_run(life_run(version))
    assert run.info.run_name == f"level {LEVEL} version {version.number}"
    assert run.data.tags["level"] == str(LEVEL)
    assert run.data.tags["version"] == str(version.number)
    assert run.data.tags["trained_by"] == version.run_id


def test_a_life_is_no_run_that_seems_to_hang(version) -> None:
    run_id = life_run(version)
    log_life(run_id, {"live.skill": 0.1}, step=4, at=at(4))
    assert Client().get_run(run_id).info.status == "FINISHED"


def test_processes_that_begin_it_at_the_same_time_agree_on_one(version) -> None:
    found = at_once(lambda: life_run(version))
    assert lives(version) == [found[0]]
    assert set(found) == {found[0]}
    assert again(version).tags[LINK] == found[0]


def test_processes_that_look_at_the_same_time_add_one_point(version) -> None:
    run_id = life_run(version)
    at_once(lambda: log_life(run_id, {"live.skill": 0.3}, step=4, at=at(4)))
    assert [(step, value) for step, value, _ in points(run_id, "live.skill")] == [(4, 0.3)]


def test_one_that_was_begun_at_the_same_time_and_seems_older_changes_nothing(version) -> None:
    run_id = life_run(version)
    client = Client()
    experiment = client.get_experiment_by_name(LIVES).experiment_id
    tags = {"level": str(LEVEL), "version": str(version.number)}
    client.create_run(experiment, start_time=1, tags=tags)
    # This process looked at the version before it had its tag.
    assert LINK not in version.tags
    assert life_run(version) == run_id


def test_one_that_was_cut_off_while_it_was_begun_is_finished(version) -> None:
    life_run(registered(tags={}))
    client = Client()
    experiment = client.get_experiment_by_name(LIVES).experiment_id
    tags = {"level": str(LEVEL), "version": str(version.number)}
    cut_off = client.create_run(experiment, tags=tags).info.run_id
    assert life_run(version) == cut_off
    assert again(version).tags[LINK] == cut_off
    assert client.get_run(cut_off).info.status == "FINISHED"


def test_a_copy_of_a_version_with_its_tags_has_another_life(version) -> None:
    first = life_run(version)
    copy = registered(tags=dict(again(version).tags))
    assert copy.tags[LINK] == first
    assert life_run(copy) not in (first, "")
    assert again(copy).tags[LINK] == life_run(copy)


def test_a_life_that_was_deleted_by_hand_begins_anew(version) -> None:
    first = life_run(version)
    Client().delete_run(first)
    second = life_run(again(version))
    assert second != first
    assert life_run(version) == life_run(again(version)) == second


def test_a_version_whose_training_run_was_deleted_has_a_life(version) -> None:
    Client().delete_run(version.run_id)
    assert life_run(version) == life_run(again(version))


def test_points_are_at_the_number_of_bars_and_at_the_time_of_the_bar(version) -> None:
    run_id = life_run(version)
    for step, skill in ((4, 0.1), (8, -0.2)):
        log_life(run_id, {"live.skill": skill, "live.n_bars": float(step)}, step=step, at=at(step))
    first, second = (round(1e3 * at(step).timestamp()) for step in (4, 8))
    assert points(run_id, "live.skill") == [(4, 0.1, first), (8, -0.2, second)]
    assert points(run_id, "live.n_bars") == [(4, 4.0, first), (8, 8.0, second)]
    assert Client().get_run(run_id).data.metrics["live.skill"] == -0.2


@pytest.mark.parametrize("step", [8, 7, 1])
def test_a_second_look_at_the_same_or_at_older_bars_adds_nothing(version, step) -> None:
    run_id = life_run(version)
    log_life(run_id, {"live.skill": 0.3}, step=8, at=at(8))
    log_life(run_id, {"live.skill": 0.9, "shadow.skill": 0.1}, step=step, at=at(step))
    assert [value for _, value, _ in points(run_id, "live.skill")] == [0.3]
    assert points(run_id, "shadow.skill") == []


def test_a_look_that_was_killed_after_its_points_is_done_again_without_a_second_point(
    version,
) -> None:
    run_id = life_run(version)
    log_life(run_id, {"live.skill": 0.3}, step=4, at=at(4))
    Client().set_tag(run_id, "kaidan.life_step", "0")
    log_life(run_id, {"live.skill": 0.3}, step=4, at=at(4))
    assert len(points(run_id, "live.skill")) == 1
    log_life(run_id, {"live.skill": 0.4}, step=8, at=at(8))
    assert [step for step, _, _ in points(run_id, "live.skill")] == [4, 8]


def test_a_store_that_was_away_is_told_of_and_goes_on_where_it_was(database, version) -> None:
    run_id = life_run(version)
    log_life(run_id, {"live.skill": 0.3}, step=4, at=at(4))
    away = database.with_name("away.db")
    database.rename(away)
    database.mkdir()
    try:
        with pytest.raises(StoreError, match="write to the run of a version's life"):
            log_life(run_id, {"live.skill": 0.4}, step=8, at=at(8))
        with pytest.raises(StoreError, match="begin the run of a version's life"):
            life_run(version)
    finally:
        database.rmdir()
        away.rename(database)
    assert life_run(version) == run_id
    log_life(run_id, {"live.skill": 0.5}, step=12, at=at(12))
    assert [step for step, _, _ in points(run_id, "live.skill")] == [4, 12]


def pages(run_id: str) -> list[str]:
    folder, _, name = PATH.rpartition("/")
    return [one.path for one in Client().list_artifacts(run_id, folder) if one.path.endswith(name)]


def page(run_id: str) -> str:
    return mlflow.artifacts.load_text(f"runs:/{run_id}/{PATH}")


def test_the_page_of_drift_is_kept_once_a_day_and_when_its_verdict_changes(version) -> None:
    run_id = life_run(version)
    untold = DriftReport(4, (), "too few bars")
    seen = []
    for step in (4, 8, BARS_PER_DAY, BARS_PER_DAY + 4, BARS_PER_DAY + 8):
        keep_page(run_id, untold, f"bar {step}", step=step)
        seen.append(page(run_id).split("<title>Drift: ")[1].split("<")[0])
    assert seen == ["bar 4"] * 3 + [f"bar {BARS_PER_DAY + 4}"] * 2
    one = ColumnDrift(
        "rsi_14", "features", 96, 0.1, 0.3, 0.2, 0.9, 0.0, 0.0, drifted=False, excess=0.4,
        edges=(0.0,), trained_shares=(0.5, 0.5), live_shares=(0.4, 0.6),
    )  # fmt: skip
    told = DriftReport(BARS_PER_DAY + 12, (one,))
    keep_page(run_id, told, "told", step=BARS_PER_DAY + 12)
    assert "<title>Drift: told<" in page(run_id)
    assert pages(run_id) == [PATH]
