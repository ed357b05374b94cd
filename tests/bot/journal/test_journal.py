"""Each bar exactly once, with the state after it."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from kaidan.bot.journal import Journal, JournalError
from kaidan.bot.journal import journal as module
from kaidan.bot.journal.reader import read_journal
from tests.bot.journal.kit import IDENTITY, START, after, bar_time, copy_in_use, decided, filled


def refused(path: Path, **changes: str) -> str:
    with pytest.raises(JournalError) as error:
        Journal.open(path, identity=IDENTITY | changes)
    text = str(error.value)
    assert "\n" not in text
    return text


def log_bytes(path: Path) -> int:
    return path.with_name(path.name + "-wal").stat().st_size


def test_a_new_journal_makes_its_folder_and_knows_of_nothing(journal: Journal, path: Path) -> None:
    assert path.exists()
    assert (journal.last_bar(), journal.state(), list(journal.entries())) == (None, None, [])
    assert journal.identity() == IDENTITY


def test_it_goes_on_where_it_was(path: Path) -> None:
    filled(path, 3)
    with Journal.open(path, identity=IDENTITY) as journal:
        assert (journal.last_bar(), journal.state()) == (bar_time(2), after(2))
        journal.write(decided(3), after(3))
        assert (journal.last_bar(), journal.n_bars()) == (bar_time(3), 4)


def test_what_is_closed_is_one_file_and_a_lock(path: Path) -> None:
    filled(path, 3)
    assert sorted(one.name for one in path.parent.iterdir()) == ["bot.sqlite", "bot.sqlite.lock"]


@pytest.mark.parametrize("again", [1, 0])
def test_a_bar_is_written_once_and_none_before_the_last(journal: Journal, again: int) -> None:
    journal.write(decided(1), after(1))
    with pytest.raises(JournalError, match="each bar is decided once, oldest first"):
        journal.write(decided(again), after(9))
    assert (journal.n_bars(), journal.state()) == (1, after(1))


def test_a_state_that_is_no_json_leaves_nothing(journal: Journal) -> None:
    with pytest.raises(TypeError):
        journal.write(decided(0), {"broker": object()})
    assert journal.last_bar() is None
    journal.write(decided(0), after(0))


def test_a_journal_of_something_else_is_refused_with_what_differs(path: Path) -> None:
    filled(path, 1)
    assert refused(path, source="exchange:bitbank/BTC_JPY") == (
        f"journal {path} was begun with source replay:bars.csv, got exchange:bitbank/BTC_JPY: "
        "begin a new one with --restart (this one is kept), or give the bot another --name"
    )
    assert "was begun with macro unknown, got live" in refused(path, macro="live")


def test_a_refused_journal_is_let_go_of(path: Path) -> None:
    filled(path, 1)
    refused(path, source="another")
    Journal.open(path, identity=IDENTITY).close()


def test_a_restart_keeps_every_older_journal(path: Path) -> None:
    assert Journal.restart(path) is None
    for n in (1, 2):
        filled(path, n)
        assert Journal.restart(path) == path.with_name(f"bot.sqlite.{n}")
        with read_journal(path.with_name(f"bot.sqlite.{n}")) as old:
            assert old.n_bars() == n
    with Journal.open(path, identity={"source": "another"}) as journal:
        assert journal.last_bar() is None


def test_a_restart_keeps_what_is_only_in_the_log_of_a_killed_bot(
    journal: Journal, tmp_path: Path
) -> None:
    journal.write(decided(0), after(0))
    killed = copy_in_use(journal, tmp_path / "killed.sqlite")
    with read_journal(Journal.restart(killed)) as old:
        assert old.last_bar() == bar_time(0)
    assert not killed.with_name("killed.sqlite-wal").exists()


def test_a_journal_in_use_is_not_moved_aside(journal: Journal, path: Path) -> None:
    with pytest.raises(JournalError, match="is in use by process"):
        Journal.restart(path)
    assert path.exists()


def test_a_journal_of_another_version_is_refused(path: Path) -> None:
    filled(path, 1)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 9")
    db.close()
    assert "is of version 9, this kaidan writes version 1" in refused(path)
    with pytest.raises(JournalError, match="is of version 9"):
        read_journal(path)


def test_a_state_that_is_not_of_the_last_bar_is_refused(path: Path) -> None:
    filled(path, 3)
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM bars WHERE open_time = (SELECT max(open_time) FROM bars)")
    db.close()
    assert "its state is of the bar of 2026-11-01 00:30" in refused(path)


def test_the_log_is_folded_in_after_a_while_or_when_it_has_grown(
    journal: Journal, path: Path, monkeypatch
) -> None:
    journal.write(decided(0), after(0))
    journal.tidy()
    assert log_bytes(path) > 0
    monkeypatch.setattr(module, "_CHECKPOINT_SECONDS", 0.0)
    journal.tidy()
    assert log_bytes(path) == 0
    monkeypatch.setattr(module, "_CHECKPOINT_SECONDS", 1e9)
    monkeypatch.setattr(module, "_CHECKPOINT_BYTES", 50_000)
    for n in range(1, 100):
        journal.write(decided(n), after(n))
        journal.tidy()
        assert log_bytes(path) < 100_000
    assert journal.n_bars() == 100


def test_a_reader_does_not_keep_the_log_from_being_tidied_later(
    journal: Journal, path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(module, "_CHECKPOINT_SECONDS", 0.0)
    for n in range(10):
        journal.write(decided(n), after(n))
    with read_journal(path) as reader:
        entries = reader.entries()
        next(entries)
        journal.write(decided(10), after(10))
        journal.tidy()
        assert len(list(entries)) == 9
    journal.tidy()
    assert log_bytes(path) == 0


def test_threads_may_note_while_bars_are_written(journal: Journal) -> None:
    def note(n: int) -> None:
        journal.note("swap", f"number {n}", START + timedelta(seconds=n))

    with ThreadPoolExecutor(4) as threads:
        noting = [threads.submit(note, n) for n in range(200)]
        for n in range(200):
            journal.write(decided(n), after(n))
    assert [one.exception() for one in noting] == [None] * 200
    assert journal.n_bars() == 200
    assert len({note.text for note in journal.notes()}) == 200


def test_thousands_of_bars_take_no_more_memory_than_hundreds(journal: Journal) -> None:
    process = psutil.Process()
    for n in range(6000):
        if n == 1500:
            before = process.memory_info().rss
        journal.write(decided(n), after(n))
        journal.tidy()
    assert process.memory_info().rss - before < 4e6
