"""A full disk, a store that must not be written: one clear line, nothing half-written."""

import sqlite3
from contextlib import closing

import mlflow
import pytest

from kaidan.errors import StoreError
from kaidan.registry import journal
from kaidan.registry.promotion import promote
from kaidan.registry.rollback import rollback
from kaidan.registry.store import get_version, live_version
from tests.faults.processes import Crowd
from tests.kit import small_settings
from tests.release import register_twin, store, using

__all__ = ["store"]

PAGE = 4096


@pytest.mark.parametrize("pages", [0, 1, 2, 3, 4, 6, 8, 12, 16])
def test_a_disk_that_fills_up_during_a_promotion_leaves_what_the_next_command_finishes(
    release, store, crowd: Crowd, tmp_path, pages
) -> None:
    number = register_twin()
    with closing(sqlite3.connect(store)) as database:
        # No free pages inside: every new row needs room.
        database.execute("vacuum")
    said = tmp_path / "said.txt"
    room = store.stat().st_size + pages * PAGE
    code = crowd.run(release.config, {3: number}, room=room, said=said)
    if code != 0:
        text = said.read_text(encoding="utf-8")
        assert "\n" not in text
        assert "full" in text or "too large" in text or "I/O" in text
    assert live_version(3).number in (1, number)
    promote(get_version(2, register_twin(2)), small_settings())
    assert not [record for record in journal.newest_first() if record.state.is_open]
    live = live_version(3)
    assert live.stage == "Production"
    assert live.number == journal.standing(3).made_live(3).after


def test_a_store_that_must_not_be_written_is_told_and_can_still_be_read(store) -> None:
    number = register_twin()
    before = mlflow.get_tracking_uri()
    with using(f"sqlite:///file:{store}?mode=ro&uri=true"):
        version = get_version(3, number)
        with pytest.raises(StoreError, match=r"begin a promotion .*readonly database"):
            promote(version, small_settings())
        with pytest.raises(StoreError, match=r"begin a rollback .*readonly database"):
            rollback((3,), small_settings())
        assert live_version(3).number == 1
    assert mlflow.get_tracking_uri() == before
    assert promote(get_version(3, number), small_settings()).passed
