"""Versions that go, what is kept of them, and what answers for them afterwards."""

import shutil
from datetime import UTC, datetime, timedelta

import mlflow
import pytest

from kaidan.errors import RegistryError, StoreError
from kaidan.registry import journal
from kaidan.registry.history import entries, live_at
from kaidan.registry.record import Action, Move, State
from kaidan.registry.retention import deletion, logged_models
from kaidan.registry.retention.deletion import retain
from kaidan.registry.retention.survey import Rule, survey
from kaidan.registry.rollback import rollback
from kaidan.registry.store import exists, get_version, live_version
from kaidan.registry.verification import verify
from tests.release import register_twin, using
from tests.retention_kit import files_of, keep, kept, promoted, survey_of, whole
from tests.server import only_sqlite

__all__ = ["promoted", "whole"]


def test_old_versions_go_and_the_last_verified_one_stays(promoted, settings) -> None:
    models = logged_models.by_version(3)
    done = keep(1, settings)
    assert kept() == [3, 4, 5]
    assert done.versions == {3: [1, 2]}
    assert done.model_ids == [models[1], models[2]]
    assert live_version(3).number == 5
    for number in kept():
        verify(get_version(3, number), settings)
    assert not keep(1, settings).versions


@only_sqlite
def test_a_survey_tells_the_bytes_and_writes_nothing(promoted, settings, release) -> None:
    before = [record.number for record in journal.newest_first()]
    found = survey((1, 2, 3), Rule(1), settings)
    assert [one.verdict.version.number for one in found.goes[3]] == [1, 2]
    for one in found.planned[3]:
        files = files_of(release.artifacts, one.model_id)
        wanted = 0 if one.verdict.kept else sum(path.stat().st_size for path in files)
        assert one.freed_bytes == wanted
    assert list(found.goes) == [3]
    assert [record.number for record in journal.newest_first()] == before
    assert kept() == promoted


@only_sqlite
def test_the_history_answers_for_what_was_deleted(promoted, settings) -> None:
    before, soon = entries(3), datetime.now(UTC) + timedelta(minutes=1)
    facts = get_version(3, 2).facts
    keep(1, settings)
    assert not exists(3, 2)
    newest, *earlier = entries(3)
    assert (newest.what, newest.why) == (
        "retention",
        "--keep 1; deleted level 3: versions 1-2; 2 logged models",
    )
    assert earlier == before
    ended = next(entry for entry in earlier if entry.after == 2).at
    then = live_at(3, datetime.fromisoformat(ended))
    assert (then.after, then.before, then.facts) == (2, 1, facts)
    assert then.decision["checks"]
    assert live_at(3, soon).after == 5


def test_a_rollback_to_what_was_deleted_names_the_nearest_that_is_there(promoted, settings) -> None:
    keep(1, settings)
    with pytest.raises(
        RegistryError, match=r"cannot go back to version 2: .* no version 2.*rollback .* --to 4"
    ):
        rollback((3,), settings, to=2)
    assert live_version(3).number == 5
    for number in (4, 3):
        rollback((3,), settings)
        assert live_version(3).number == number
    with pytest.raises(RegistryError, match="cannot go back to version 2"):
        rollback((3,), settings)
    assert live_version(3).number == 3


@only_sqlite
@pytest.mark.parametrize("after", ["mark", "delete_model_version", "is_used"])
def test_after_a_cut_the_next_retention_goes_on(promoted, settings, after, monkeypatch) -> None:
    models = logged_models.by_version(3)
    owner = mlflow.MlflowClient if after == "delete_model_version" else logged_models
    real = getattr(owner, after)
    found = survey((3,), Rule(1), settings)
    with monkeypatch.context() as cut:

        def interrupt(*arguments: object) -> None:
            real(*arguments)
            raise KeyboardInterrupt

        cut.setattr(owner, after, interrupt)
        with pytest.raises(KeyboardInterrupt):
            retain(found, settings)
    assert live_version(3).number == 5
    for number in kept():
        verify(get_version(3, number), settings)
    newest = next(journal.newest_first())
    assert (newest.action, newest.state) == (Action.retention, State.failed)
    if after == "is_used":
        assert newest.said == "deleted level 3: version 1; 0 logged models; then: KeyboardInterrupt"
    assert survey((3,), Rule(1), settings).left_over == (() if after == "mark" else (models[1],))
    done = keep(1, settings)
    assert kept() == [3, 4, 5]
    assert sorted(done.model_ids) == sorted([models[1], models[2]])


@only_sqlite
def test_a_version_that_went_live_after_the_survey_stays(promoted, settings) -> None:
    found = survey((3,), Rule(1), settings)
    rollback((3,), settings, to=1)
    retain(found, settings)
    assert live_version(3).number == 1
    assert 1 in kept()


@only_sqlite
def test_a_version_that_somebody_pins_meanwhile_stops_the_retention(
    promoted, settings, monkeypatch
) -> None:
    found = survey((3,), Rule(1), settings)
    real = deletion.decide

    def decide_and_pin(*arguments: object) -> object:
        decided = real(*arguments)
        mlflow.MlflowClient().set_registered_model_alias("ensemble_level3", "pinned", "2")
        return decided

    monkeypatch.setattr(deletion, "decide", decide_and_pin)
    with pytest.raises(RegistryError, match=r"somebody gave version 2 .* an alias or a stage"):
        retain(found, settings)
    assert kept() == [2, 3, 4, 5]


@only_sqlite
def test_who_was_taken_for_dead_deletes_nothing_more(promoted, settings, monkeypatch) -> None:
    found = survey((3,), Rule(1), settings)
    real = deletion.decide

    def decide_slowly(*arguments: object) -> object:
        newest = next(journal.newest_first())
        journal.take_over(newest, newest.number + 1)
        return real(*arguments)

    monkeypatch.setattr(deletion, "decide", decide_slowly)
    with pytest.raises(RegistryError, match="another writer took this retention for dead"):
        retain(found, settings)
    assert kept() == promoted


@only_sqlite
def test_a_damaged_version_is_not_the_last_verified_one(promoted, settings, release, whole) -> None:
    model = logged_models.by_version(3)[3]
    (graph,) = (path for path in files_of(release.artifacts, model) if path.name == "graph.onnx")
    graph.write_bytes(graph.read_bytes()[:-1] + b"!")
    keep(1, settings)
    assert kept() == [2, 4, 5]


@only_sqlite
def test_while_the_place_of_the_files_is_away_nothing_that_was_good_goes(
    promoted, settings, release
) -> None:
    away = release.artifacts.rename(release.artifacts.with_name("away"))
    try:
        assert not keep(1, settings).versions
    finally:
        shutil.rmtree(release.artifacts, ignore_errors=True)
        away.rename(release.artifacts)
    assert kept() == promoted


@only_sqlite
def test_a_survey_spares_what_a_move_under_way_names(promoted, settings) -> None:
    record = journal.add(Action.rollback, (3,), "")
    move = Move(3, before=5, after=1, candidate=1)
    journal.write(record.with_(state=State.moving, moves=(move,)))
    why = {one.verdict.version.number: one.verdict.why for one in survey_of(3, settings)}
    assert why[1] == f"record {record.number} is under way"
    assert why[2] == "not one of the newest 1"


@only_sqlite
def test_a_store_that_is_down_deletes_nothing(promoted, settings, store) -> None:
    found = survey((3,), Rule(1), settings)
    rest = store.rename(store.with_name("away.db"))
    store.mkdir()
    with using(store), pytest.raises(StoreError, match="cannot begin a retention"):
        retain(found, settings)
    with using(rest):
        assert kept() == promoted


@only_sqlite
def test_all_levels_are_retained_in_one_turn(store, settings) -> None:
    for level in (1, 3):
        register_twin(level)
        register_twin(level)
    done = keep(1, settings, levels=(1, 2, 3))
    assert done.versions == {1: [2], 3: [2]}
    assert [kept(level) for level in (1, 2, 3)] == [[1, 3], [1], [1, 3]]
    assert next(journal.newest_first()).levels == (1, 3)
