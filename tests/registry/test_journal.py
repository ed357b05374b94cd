"""Records: in one order, written whole, read a page at a time."""

import mlflow
import pytest

from kaidan.errors import RegistryError
from kaidan.registry import journal
from kaidan.registry.record import Action, Move, Record, State
from tests.registry.test_turn import open_record


def test_a_record_is_read_as_it_was_written(store) -> None:
    move = Move(3, 1, 2, 2, 1, None, "promoted", {"checks": {"parity": ["1e-7", "0", "pass"]}}, {})
    added = journal.add(Action.promotion, (3,), "because")
    written = journal.write(added.with_(state=State.done, moves=(move,), said="all is well"))
    assert journal.read(added.number) == written
    assert written.made_live(3) == move
    assert written.made_live(2) is None


def test_records_come_newest_first_over_pages(store) -> None:
    before = next(journal.newest_first()).number
    for _ in range(45):
        journal.add(Action.repair, (1,), "")
    numbers = [record.number for record in journal.newest_first()]
    assert numbers == list(range(before + 45, 0, -1))


def test_what_refused_failed_or_kept_a_level_did_not_make_it_live(store) -> None:
    moved, kept = Move(3, 1, 2), Move(2, 1, 1)
    for state in set(State) - {State.done}:
        record = journal.add(Action.promotion, (2, 3), "")
        assert journal.write(record.with_(state=state, moves=(moved, kept))).made_live(3) is None
    done = record.with_(state=State.done, moves=(moved, kept))
    assert done.made_live(3) == moved
    assert done.made_live(2) is None
    assert journal.standing(3).number < record.number


def test_a_record_that_was_changed_by_hand_is_named(store) -> None:
    record = journal.add(Action.repair, (1,), "")
    mlflow.MlflowClient().set_model_version_tag(
        "kaidan_history", str(record.number), "record", "{}"
    )
    with pytest.raises(RegistryError, match=r"was changed by hand and cannot be read .*delete"):
        list(journal.newest_first())


def test_a_version_that_is_no_record_is_passed_over(store) -> None:
    n_records = len(list(journal.newest_first()))
    run = journal.run_id()
    mlflow.MlflowClient().create_model_version("kaidan_history", f"runs:/{run}/other", run)
    assert len(list(journal.newest_first())) == n_records
    with pytest.raises(RegistryError, match="is no record of kaidan's"):
        journal.read(n_records + 1)


def test_an_owner_is_dead_when_its_process_is_over_and_unknown_elsewhere(store) -> None:
    assert not open_record().owner.is_dead()
    assert open_record(pid=2**22 + 1).owner.is_dead()
    assert open_record(started=0.0).owner.is_dead()
    assert not open_record(pid=2**22 + 1, place="elsewhere").owner.is_dead()


def test_text_and_record_are_each_others_inverse(store) -> None:
    record = next(journal.newest_first())
    again = Record.from_text(
        record.to_text(), number=record.number, began_ms=record.began_ms, taken_by=record.taken_by
    )
    assert again == record
