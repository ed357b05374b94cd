"""Writers wait for each other, finish what the dead left, and give way when taken for dead."""

import mlflow
import pytest

from kaidan.errors import RegistryError
from kaidan.registry import journal
from kaidan.registry.owner import Owner
from kaidan.registry.promotion import promote
from kaidan.registry.record import Action, Move, State
from kaidan.registry.rollback import rollback
from kaidan.registry.store import get_version, live_version
from kaidan.registry.turn import take_turn
from kaidan.settings import Settings


def patient(settings: Settings, *, wait: float, lease: float) -> Settings:
    registry = settings.bot.registry.model_copy(
        update={"wait_seconds": wait, "lease_seconds": lease}
    )
    return settings.model_copy(
        update={"bot": settings.bot.model_copy(update={"registry": registry})}
    )


def open_record(**owner: object) -> journal.Record:
    """A record that waits, of this process or of who is told."""
    record = journal.add(Action.promotion, (3,), "")
    return journal.write(record.with_(owner=Owner(**vars(record.owner) | owner)))


def alias(name: str) -> int:
    return int(mlflow.MlflowClient().get_model_version_by_alias("ensemble_level3", name).version)


def test_who_waits_too_long_fails_cleanly_and_says_for_whom(twin, settings) -> None:
    other = open_record(name="bob@elsewhere")
    with pytest.raises(RegistryError, match=r"bob@elsewhere has been at a promotion since .*again"):
        promote(twin(), patient(settings, wait=0.3, lease=60))
    assert alias("production") == 1
    assert journal.read(other.number).state is State.waiting
    assert journal.read(other.number + 1).state is State.failed


def test_a_writer_of_another_host_that_is_silent_for_the_lease_is_taken_over(
    twin, settings
) -> None:
    other = open_record(place="another kernel", pid=1)
    assert promote(twin(), patient(settings, wait=30, lease=0.5)).passed
    taken = journal.read(other.number)
    assert (taken.state, taken.taken_by) == (State.abandoned, other.number + 1)
    assert alias("production") == 2


def test_what_a_dead_writer_meant_to_do_is_done_first(twin, settings) -> None:
    candidate = twin()
    dead = open_record(pid=2**22 + 1)
    standing = journal.standing(3)
    move = Move(3, 1, candidate.number, candidate.number, 1, standing.number, "promoted")
    journal.write(dead.with_(state=State.moving, moves=(move,), said="meant"))
    assert rollback((3,), settings)[0].before == candidate.number
    finished = journal.read(dead.number)
    assert finished.state is State.done
    assert finished.said == f"meant; cut off, finished by record {dead.number + 1}"


def test_what_a_dead_writer_meant_to_do_is_taken_back_when_its_version_is_gone(
    twin, settings
) -> None:
    candidate = twin()
    dead = open_record(pid=2**22 + 1)
    journal.write(dead.with_(state=State.moving, moves=(Move(3, 1, candidate.number),)))
    with pytest.warns(FutureWarning, match="stages"):
        mlflow.MlflowClient().transition_model_version_stage(
            "ensemble_level3", str(candidate.number), "Production", archive_existing_versions=True
        )
    mlflow.MlflowClient().delete_model_version("ensemble_level3", str(candidate.number))
    with take_turn(Action.repair, (3,), settings):
        pass
    undone = journal.read(dead.number)
    assert undone.state is State.undone
    assert "taken back: ensemble_level3 has no version 2" in undone.said
    assert live_version(3).number == 1
    assert live_version(3).stage == "Production"


def test_when_both_versions_are_gone_the_record_stands_in_nobodys_way(twin, settings) -> None:
    candidate = twin()
    promote(candidate, settings)
    dead = open_record(pid=2**22 + 1)
    journal.write(dead.with_(state=State.moving, moves=(Move(3, 2, 3),)))
    mlflow.MlflowClient().delete_model_version("ensemble_level3", "2")
    assert rollback((3,), settings)[0].after == 1
    assert journal.read(dead.number).state is State.undone


def test_a_writer_that_was_taken_for_dead_moves_nothing(twin, settings) -> None:
    candidate = twin()
    with take_turn(Action.repair, (3,), settings) as turn:
        journal.take_over(turn.record, 99)
        with pytest.raises(RegistryError, match="another writer took over; nothing was moved"):
            turn.carry_out((Move(3, 1, candidate.number, previous=1),), "never")
    assert alias("production") == 1
    assert turn.record.state is State.moving
    assert journal.read(turn.record.number).state is State.failed


def test_a_record_that_was_asked_for_twice_is_closed_by_its_owner(
    twin, settings, monkeypatch
) -> None:
    # What happens when the store's answer to the first request is lost on the way.
    owner = Owner.here()
    monkeypatch.setattr(Owner, "here", lambda: owner)
    lost = journal.add(Action.promotion, (3,), "")
    assert promote(twin(), settings).passed
    closed = journal.read(lost.number)
    assert closed.state is State.abandoned
    assert closed.said == f"asked for twice, see record {lost.number + 1}"


def test_what_was_set_live_by_hand_is_entered_in_the_history(twin, settings) -> None:
    twin()
    mlflow.MlflowClient().set_registered_model_alias("ensemble_level3", "production", "2")
    third = twin()
    promote(third, settings)
    records = list(journal.newest_first())
    assert [record.action for record in records[:2]] == [Action.promotion, Action.found]
    assert rollback((3,), settings)[0].after == 2
    assert rollback((3,), settings)[0].after == 1


def test_a_turn_that_ends_in_an_error_is_closed_with_it(store, settings) -> None:
    with pytest.raises(ValueError, match="mistake"), take_turn(Action.repair, (3,), settings):
        raise ValueError("a mistake")
    record = next(journal.newest_first())
    assert (record.state, record.said) == (State.failed, "ValueError")


def test_a_turn_in_which_nothing_is_to_be_moved_is_closed(store, settings) -> None:
    with take_turn(Action.repair, (3,), settings):
        pass
    assert next(journal.newest_first()).state is State.done


def test_a_release_moves_all_or_none_when_a_version_vanishes_meanwhile(twin, settings) -> None:
    candidate = twin()
    gone = Move(2, 1, 77, previous=1)
    with (
        pytest.raises(RegistryError, match="ensemble_level2 has no version 77"),
        take_turn(Action.promotion, (2, 3), settings) as turn,
    ):
        turn.carry_out((Move(3, 1, candidate.number, previous=1), gone), "a release")
    assert journal.read(turn.record.number).state is State.undone
    for level in (2, 3):
        assert live_version(level).number == 1
        assert get_version(level, 1).stage == "Production"
