"""Every fault made for real: what the doctor says, what --fix mends, and what it leaves alone."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
import pytest

from kaidan.errors import StoreError
from kaidan.registry import journal
from kaidan.registry.health.doctor import examine
from kaidan.registry.health.examination import FIX, Finding, Health
from kaidan.registry.health.repair import repair
from kaidan.registry.promotion import promote
from kaidan.registry.record import Action, Move, State
from kaidan.registry.store import Version, get_version, live_version
from kaidan.registry.turn import take_turn
from tests.kit import wanting
from tests.packages import register_like, stored_package
from tests.release import using
from tests.server import only_sqlite

NAME = "ensemble_level3"
ROOT = Path(__file__).parents[3]


def faults(settings) -> dict[str, Finding]:
    """What is not as it should be at level 3 or at none, but for a way back that is not there."""
    return {
        one.name: one
        for one in examine(settings)
        if one.state is not Health.ok
        and one.level in (None, 3)
        and "replaced no other" not in one.found
    }


def fails(settings) -> dict[str, str]:
    """What is said of each failure; every one of them can be mended by the doctor."""
    found = faults(settings)
    assert {one.do for one in found.values()} <= {FIX}
    return {name: one.found for name, one in found.items() if one.state is Health.fail}


def client() -> mlflow.MlflowClient:
    return mlflow.MlflowClient()


def stage_by_hand(version: int, stage: str = "Production", *, archive: bool = True) -> None:
    with pytest.warns(FutureWarning, match="stages"):
        client().transition_model_version_stage(
            NAME, str(version), stage, archive_existing_versions=archive
        )


def alias_by_hand(name: str, version: int) -> None:
    client().set_registered_model_alias(NAME, name, str(version))


def in_step(version: int, previous: int | None = None) -> None:
    """Stage, aliases and history name this version."""
    found = client().search_model_versions(f"name = '{NAME}'")
    assert [int(v.version) for v in found if v.current_stage == "Production"] == [version]
    aliases = {k: int(v) for k, v in client().get_registered_model(NAME).aliases.items()}
    wanted = {"production": version} | ({"previous": previous} if previous else {})
    assert aliases == wanted
    assert journal.standing(3).made_live(3).after == version


def newest() -> journal.Record:
    return next(journal.newest_first())


@pytest.fixture
def two(twin, settings) -> None:
    """Version 2 is live and has replaced version 1."""
    promote(twin(), settings)


def put_live(version: Version, settings) -> None:
    """As a promotion does, but for what its gates would say."""
    with take_turn(Action.promotion, (3,), settings) as turn:
        before = turn.live[3].number
        beneath = turn.standing[3].number
        move = Move(3, before=before, after=version.number, previous=before, beneath=beneath)
        turn.carry_out((move,), "in a test")


@pytest.fixture
def own(store, settings, tmp_path) -> Version:
    """Version 2 is live, has replaced version 1, and its artifacts are its own."""
    version = register_like(3, tmp_path / "bundle", mark="own")
    put_live(version, settings)
    client().set_model_version_tag(NAME, "2", "verdict", "promoted")
    return version


def damage(version: Version, release) -> None:
    graph = stored_package(version, release.artifacts) / "artifacts" / "bundle" / "graph.onnx"
    graph.write_bytes(graph.read_bytes()[:-1] + b"!")


def test_a_release_is_healthy_and_each_level_is_looked_at(store, settings) -> None:
    found = examine(settings)
    checks = [one.name for one in found if one.level == 2]
    assert checks == [
        "history",
        *("stage Production", "alias production", "alias previous"),
        *("live version", "smoke prediction", "libraries", "way back"),
    ]
    assert faults(settings) == {}
    assert found[0].found.startswith(f"{mlflow.get_tracking_uri()} answers in ")
    assert {one.do for one in found if one.name == "way back"} == {
        f"kaidan train --level {level}" for level in (1, 2, 3)
    }


@only_sqlite
def test_what_is_healthy_is_left_alone(two, settings) -> None:
    before = get_version(3, 2)
    assert repair([3], settings) == []
    assert get_version(3, 2) == before
    assert newest().said == "nothing was to be moved"
    in_step(2, previous=1)


def test_a_stage_moved_by_hand_goes_back_to_what_the_history_says(two, settings) -> None:
    stage_by_hand(1)
    assert fails(settings) == {"stage Production": "version 1, the history says version 2"}
    assert repair([3], settings) == ["level 3: stage and aliases say version 2 again"]
    in_step(2, previous=1)
    assert faults(settings) == {}


@only_sqlite
def test_two_versions_in_production_are_told_and_become_one(two, settings) -> None:
    stage_by_hand(1, archive=False)
    assert fails(settings) == {"stage Production": "versions 1, 2, the history says version 2"}
    repair([3], settings)
    in_step(2, previous=1)


@only_sqlite
def test_no_version_in_production_is_told_and_becomes_one(two, settings) -> None:
    stage_by_hand(2, "Archived", archive=False)
    assert fails(settings) == {"stage Production": "no version, the history says version 2"}
    repair([3], settings)
    in_step(2, previous=1)


@only_sqlite
def test_stages_out_of_use_are_not_looked_at(two, settings) -> None:
    registry = settings.bot.registry.model_copy(update={"stages": False})
    bot = settings.bot.model_copy(update={"registry": registry})
    stage_by_hand(1)
    assert fails(settings.model_copy(update={"bot": bot})) == {}


def test_an_alias_moved_by_hand_goes_back_and_the_history_tells_it(two, settings) -> None:
    alias_by_hand("production", 1)
    assert fails(settings) == {"alias production": "version 1, the history says version 2"}
    assert repair([3], settings) == ["level 3: version 2 is live again"]
    in_step(2, previous=1)
    assert (newest().action, newest().state) == (Action.repair, State.done)
    move = newest().move(3)
    assert (move.before, move.after, move.verdict) == (1, 2, "repaired")
    assert faults(settings) == {}


@only_sqlite
def test_stage_and_alias_moved_by_hand_to_what_was_never_judged_go_back(
    two, twin, settings
) -> None:
    twin()
    stage_by_hand(3)
    alias_by_hand("production", 3)
    assert set(fails(settings)) == {"stage Production", "alias production"}
    repair([3], settings)
    in_step(2, previous=1)


@only_sqlite
def test_aliases_that_were_deleted_or_moved_are_set_again(two, settings) -> None:
    client().delete_registered_model_alias(NAME, "production")
    alias_by_hand("previous", 2)
    assert fails(settings) == {
        "alias production": "no version, the history says version 2",
        "alias previous": "version 2, the history says version 1",
    }
    repair([3], settings)
    in_step(2, previous=1)


@only_sqlite
def test_after_a_repair_a_rollback_goes_where_it_would_have_gone(two, twin, settings) -> None:
    promote(twin(), settings)
    alias_by_hand("production", 1)
    repair([3], settings)
    in_step(3, previous=2)
    found = {one.name: one.found for one in examine(settings) if one.level == 3}
    assert found["way back"] == "version 2, every byte"


def test_for_a_live_version_that_was_deleted_the_one_beneath_takes_its_place(two, settings) -> None:
    client().delete_model_version(NAME, "2")
    assert fails(settings) == {"history": "version 2, live since record 2, was deleted"}
    (said,) = repair([3], settings)
    assert said == "level 3: version 1 is live again, for ensemble_level3 has no version 2"
    in_step(1)
    assert faults(settings) == {}


@only_sqlite
def test_a_deleted_version_without_one_beneath_is_a_matter_for_training(store, settings) -> None:
    client().delete_model_version(NAME, "1")
    found = faults(settings)["history"]
    assert found.found == "version 1, live since record 1, was deleted"
    assert found.do == "kaidan train --level 3"
    said = repair([3], settings)
    assert said == ["level 3: no version that was live is sound; kaidan train --level 3"]
    assert live_version(3) is None


@only_sqlite
def test_for_a_live_version_that_was_damaged_the_one_beneath_takes_its_place(
    own, release, settings
) -> None:
    damage(own, release)
    found = fails(settings)["live version"]
    assert "version 2 is not what was registered: artifacts/bundle/graph.onnx has another" in found
    (said,) = repair([3], settings)
    assert said.startswith("level 3: version 1 is live again, for ensemble_level3 version 2 is not")
    in_step(1)
    assert faults(settings) == {}


@contextmanager
def files_gone(version: Version, release) -> Iterator[None]:
    """The artifact store has lost a version, until it is found again."""
    folder = stored_package(version, release.artifacts)
    away = folder.rename(release.artifacts / "away")
    try:
        yield
    finally:
        away.rename(folder)


@only_sqlite
def test_for_a_live_version_whose_files_are_gone_the_one_beneath_takes_its_place(
    own, release, settings
) -> None:
    with files_gone(own, release):
        assert "live version" in fails(settings)
        repair([3], settings)
        in_step(1)


@only_sqlite
def test_files_that_are_gone_without_a_version_beneath_move_nothing(
    store, release, settings
) -> None:
    with files_gone(get_version(3, 1), release):
        found = faults(settings)["live version"]
        assert found.state is Health.fail
        assert "cannot read the bundle" in found.found
        assert repair([3], settings) == [
            "level 3: no version that was live is sound; kaidan train --level 3"
        ]
    in_step(1)


@only_sqlite  # a server takes no version whose files lie elsewhere
def test_a_version_that_the_store_does_not_give_out_is_no_reason_to_move(
    store, settings, monkeypatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    client().create_model_version(NAME, "mlflow-artifacts://127.0.0.1:9/down")
    put_live(get_version(3, 2), settings)
    found = faults(settings)["live version"]
    assert found.found.startswith("cannot download models:/ensemble_level3/2")
    assert found.do == "is MLFLOW_TRACKING_URI right, the store up, and the place writable?"
    with pytest.raises(StoreError, match="cannot download"):
        repair([3], settings)
    in_step(2, previous=1)


@only_sqlite
def test_a_damaged_version_without_one_beneath_stays_and_a_training_is_asked_for(
    store, settings
) -> None:
    levels = settings.levels.model_copy(update={"formula_version": 99})
    other = settings.model_copy(update={"levels": levels})
    found = faults(other)["live version"]
    assert (found.state, found.do) == (Health.fail, "kaidan train --level 3")
    assert "was trained for contract" in found.found
    assert repair([3], other) == [
        "level 3: no version that was live is sound; kaidan train --level 3"
    ]
    in_step(1)


@only_sqlite
def test_a_damaged_way_back_is_told_before_it_is_needed(own, release, twin, settings) -> None:
    put_live(twin(), settings)
    damage(own, release)
    found = faults(settings)["way back"]
    assert found.state is Health.warn
    assert "version 2 is not what was registered" in found.found
    assert found.do == "to go back all the same: kaidan rollback --level 3 --to 1"


def killed(state: str, version: int = 2) -> None:
    """Add a record in a process that is killed over it."""
    environment = os.environ | {"MLFLOW_TRACKING_URI": mlflow.get_tracking_uri()}
    command = [sys.executable, "-m", "tests.registry.health.killed", state, str(version)]
    done = subprocess.run(command, env=environment, cwd=ROOT, check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_a_promotion_killed_half_way_is_told_and_finished(twin, settings) -> None:
    twin()
    killed("moving")
    alias_by_hand("production", 2)
    found = fails(settings)
    assert "record 2, a promotion by" in found["open records"]
    assert "was cut off half-way on" in found["open records"]
    assert found["alias production"] == "version 2, the history says version 1"
    (said,) = repair([3], settings)
    assert said.startswith("record 2, a promotion, is done: every gate passed; cut off, finished")
    in_step(2, previous=1)
    assert "open records" not in faults(settings)


@only_sqlite
def test_a_writer_killed_while_it_waited_is_a_warning(store, settings) -> None:
    killed("waiting")
    found = faults(settings)["open records"]
    assert (found.state, found.do) == (Health.warn, FIX)
    assert "with nothing moved" in found.found
    (said,) = repair([], settings)
    assert said == "record 2, a promotion, is abandoned: cut off before anything was moved"
    assert newest().levels == (3,)


@only_sqlite
def test_who_is_alive_and_moving_is_not_taken_for_a_fault(twin, settings) -> None:
    twin()
    with take_turn(Action.promotion, (3,), settings) as turn:
        move = Move(3, before=1, after=2, previous=1, beneath=turn.standing[3].number)
        moving = turn.record.with_(state=State.moving, moves=(move,))
        journal.write(moving)
        alias_by_hand("production", 2)
        found = {one.name: one for one in examine(settings) if one.level in (None, 3)}
        assert found["open records"].state is Health.ok
        assert "is under way since" in found["open records"].found
        alias = found["alias production"]
        assert alias.state is Health.warn
        assert alias.do == f"kaidan doctor, once record {moving.number} is done"
        alias_by_hand("production", 1)


@only_sqlite
def test_a_silent_writer_of_another_host_is_a_warning(store, settings) -> None:
    record = journal.add(Action.promotion, (3,), "")
    journal.write(record.with_(owner=type(record.owner)("t", "bob@far", "far", 1, 0.0)))
    assert "open records" not in faults(settings)
    impatient = settings.bot.registry.model_copy(update={"lease_seconds": 0.001})
    bot = settings.bot.model_copy(update={"registry": impatient})
    time.sleep(0.01)
    found = faults(settings.model_copy(update={"bot": bot}))["open records"]
    assert found.state is Health.warn
    assert "by bob@far, of another host, is open since" in found.found


@only_sqlite
def test_what_is_live_and_unknown_to_the_history_is_entered_there(store, settings) -> None:
    client().delete_registered_model("kaidan_history")
    found = faults(settings)["history"]
    assert (found.state, found.do) == (Health.warn, FIX)
    assert found.found == "version 1 is live, and the history does not say since when"
    assert repair([3], settings) == ["level 3: version 1 is in the history now"]
    in_step(1)
    assert "history" not in faults(settings)


@only_sqlite
def test_where_nothing_is_live_at_all_training_is_what_is_wanted(store, settings) -> None:
    source = client().get_model_version(NAME, "1").source
    for name in ("kaidan_history", *(f"ensemble_level{level}" for level in (1, 2, 3))):
        client().delete_registered_model(name)
    mlflow.register_model(source, NAME, tags={"verdict": "not judged"})
    assert set(faults(settings)) == {"production", "not judged"}
    found = faults(settings)["production"]
    assert (found.state, found.found) == (Health.fail, "nothing is live")
    assert found.do == "kaidan train --level all"
    said = repair([3], settings)
    assert said == ["level 3: nothing was ever live; kaidan train --level 3"]


@only_sqlite
def test_a_level_that_was_never_live_beside_others_is_a_warning(store, settings) -> None:
    for name in ("kaidan_history", NAME):
        client().delete_registered_model(name)
    found = faults(settings)["production"]
    assert (found.state, found.found) == (Health.warn, "nothing was ever live")
    assert found.do == "kaidan train --level 3"


@only_sqlite
def test_a_record_changed_by_hand_is_named(store, settings) -> None:
    client().set_model_version_tag("kaidan_history", "1", "record", "{}")
    found = faults(settings)["history"]
    assert found.state is Health.fail
    assert found.found.startswith("version 1 of kaidan_history was changed by hand")
    assert found.do == "delete that version"


@only_sqlite
def test_a_record_that_was_deleted_is_a_failure_of_the_level_whose_way_back_it_was(
    two, settings
) -> None:
    client().delete_model_version("kaidan_history", "1")
    found = faults(settings)["history"]
    assert found.state is Health.fail
    assert found.found.startswith("cannot read record 1 of kaidan_history")


@only_sqlite
def test_versions_that_nobody_judged_are_named(store, settings, tmp_path) -> None:
    register_like(3, tmp_path / "bundle", mark="own")
    found = faults(settings)["not judged"]
    assert found.state is Health.warn
    assert found.found == "version 2: a training was cut off, or is at it"
    assert found.do == "kaidan promote --level 3 --version 2"


@only_sqlite
def test_a_run_that_is_open_for_days_is_named_with_the_way_to_end_it(store, settings) -> None:
    experiment = client().get_experiment_by_name("kaidan").experiment_id
    old = client().create_run(experiment, start_time=1_700_000_000_000, run_name="lost")
    client().create_run(experiment, run_name="at it")
    found = faults(settings)["open runs"]
    assert found.state is Health.warn
    assert found.found == "lost is open since 2023-11-14 22:13 UTC: was it cut off?"
    assert old.info.run_id in found.do


@pytest.mark.parametrize(("profile", "state"), [("block", Health.fail), ("warn", Health.warn)])
@only_sqlite
def test_an_answer_over_the_budget_is_as_bad_as_its_gate_says(
    store, settings, profile, state
) -> None:
    slow = wanting(settings, latency_ms=0.0)
    gate = slow.gates.checks.latency_ms.model_copy(update={"severity": profile})
    checks = slow.gates.checks.model_copy(update={"latency_ms": gate})
    slow = slow.model_copy(update={"gates": slow.gates.model_copy(update={"checks": checks})})
    found = faults(slow)["smoke prediction"]
    assert found.state is state
    assert "ms for a row, 0 ms allowed" in found.found


def test_a_store_that_is_not_there_is_the_only_finding_and_is_not_made(settings, tmp_path) -> None:
    with using(tmp_path / "none.db"):
        (found,) = examine(settings)
    assert (found.name, found.state) == ("store", Health.fail)
    assert found.found == f"there is no {tmp_path / 'none.db'}"
    assert "kaidan train --level all" in found.do
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_down_is_one_line_without_its_password(settings, monkeypatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with using("http://bob:S3same@127.0.0.1:9"):
        (found,) = examine(settings)
    assert found.state is Health.fail
    assert "http://bob:***@127.0.0.1:9" in found.found
    assert "S3same" not in found.found + found.do


def test_a_server_that_says_nothing_is_not_waited_for(settings, monkeypatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setattr("kaidan.registry.health.reach.PATIENCE_S", 0.3)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        using(f"http://127.0.0.1:{silent.getsockname()[1]}"),
    ):
        started = time.monotonic()
        (found,) = examine(settings)
    assert time.monotonic() - started < 1.5
    assert found.found.endswith("has not answered for 0.3 s")
