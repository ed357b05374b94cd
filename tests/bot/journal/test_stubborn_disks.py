"""A full disk, a file that must not be written, a damaged one: one line, nothing half-written."""

import random
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kaidan.bot.journal import Journal, JournalError
from kaidan.bot.journal import journal as module
from kaidan.bot.journal.reader import read_journal
from tests.bot.journal.kit import IDENTITY, START, after, bar_time, decided, filled


@contextmanager
def largest_file(n_bytes: int) -> Iterator[None]:
    """No file of this process may grow beyond, as if its disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def write(journal: Journal, numbers: range) -> None:
    for n in numbers:
        journal.write(decided(n), after(n))


def read_all(path: Path) -> None:
    """Read every table, as the bot would and then a person."""
    with Journal.open(path, identity=IDENTITY) as journal:
        list(journal.entries())
        list(journal.notes())


def line(error: pytest.ExceptionInfo[JournalError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize("room", [0, 1, 24, 4096, 4120, 8240, 12_000])
def test_a_full_disk_takes_no_part_of_a_bar_and_the_same_bar_later(
    journal: Journal, path: Path, room: int
) -> None:
    write(journal, range(5))
    log = path.with_name(path.name + "-wal")
    with largest_file(log.stat().st_size + room), pytest.raises(JournalError) as error:
        write(journal, range(5, 50))
    assert "make room on its disk, then start the bot again" in line(error)
    last = journal.n_bars() - 1
    assert (journal.last_bar(), journal.state()) == (bar_time(last), after(last))
    journal.write(decided(last + 1), after(last + 1))
    assert list(journal.entries()) == [decided(n) for n in range(last + 2)]


def test_a_disk_too_full_for_tidying_costs_no_bar(
    journal: Journal, path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(module, "_CHECKPOINT_SECONDS", 0.0)
    write(journal, range(30))
    with largest_file(path.stat().st_size), pytest.raises(JournalError) as error:
        journal.tidy()
    assert "cannot fold its log into it" in line(error)
    assert list(journal.entries()) == [decided(n) for n in range(30)]
    journal.tidy()
    journal.write(decided(30), after(30))


def test_a_disk_too_full_for_a_new_journal_is_told(path: Path) -> None:
    with largest_file(2000), pytest.raises(JournalError) as error:
        Journal.open(path, identity=IDENTITY)
    assert "cannot open it" in line(error)
    Journal.open(path, identity=IDENTITY).close()


def test_a_file_that_became_read_only_takes_no_bar(journal: Journal) -> None:
    journal.write(decided(0), after(0))
    journal._db.execute("PRAGMA query_only = 1")
    with pytest.raises(JournalError) as error:
        journal.write(decided(1), after(1))
    assert "let this user write the file and its folder" in line(error)
    with pytest.raises(JournalError, match="cannot note swap"):
        journal.note("swap", "level 1", START)
    assert (journal.last_bar(), journal.state()) == (bar_time(0), after(0))


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    tmp_path.joinpath("home").write_text("a file", encoding="utf-8")
    with pytest.raises(JournalError) as error:
        Journal.open(tmp_path / "home" / "bot.sqlite", identity=IDENTITY)
    assert "cannot lock it" in line(error)


@pytest.mark.parametrize("content", [b"no database" * 1000, b"<html>\n"])
def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(JournalError) as error:
        Journal.open(path, identity=IDENTITY)
    assert "the file is damaged, or no journal at all: begin a new one with --restart" in line(
        error
    )
    with pytest.raises(JournalError, match="no journal at all"):
        read_journal(path)
    assert path.read_bytes() == content
    assert Journal.restart(path).read_bytes() == content


@pytest.mark.parametrize("page", range(1, 8))
def test_a_damaged_page_is_told_at_the_latest_when_it_is_read(path: Path, page: int) -> None:
    data = bytearray(filled(path, 40).read_bytes())
    data[page * 4096 : (page + 1) * 4096] = b"\xff" * 4096
    path.write_bytes(data)
    with pytest.raises(JournalError) as error:
        read_all(path)
    assert line(error).endswith("begin a new one with --restart, which keeps this one beside it")


def test_a_file_cut_short_is_refused(path: Path) -> None:
    data = filled(path, 40).read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(JournalError) as error:
        read_all(path)
    assert "damaged" in line(error)


def test_changed_bytes_anywhere_are_one_line_or_harmless(path: Path) -> None:
    sound = filled(path, 40).read_bytes()
    chance = random.Random(40)
    lines = set()
    for _ in range(150):
        data = bytearray(sound)
        at = chance.randrange(len(data))
        data[at : at + 8] = chance.randbytes(8)
        path.write_bytes(data)
        try:
            read_all(path)
        except JournalError as error:
            lines.add(str(error))
    assert len(lines) > 10
    assert not [text for text in lines if "\n" in text]
