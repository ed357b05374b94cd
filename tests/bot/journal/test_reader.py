"""A journal is read in parts, also while it is written."""

from datetime import timedelta
from pathlib import Path

import pytest

from kaidan.bot.journal import Journal, JournalError
from kaidan.bot.journal.reader import Note, read_journal
from kaidan.serving.prediction import Prediction, Probabilities
from kaidan.signal import Signal
from tests.bot.journal.kit import START, after, bar_time, copy_in_use, decided, filled


@pytest.fixture
def noted(journal: Journal) -> Journal:
    for n in range(20):
        journal.write(decided(n), after(n))
        journal.note("swap", f"after bar {n}", bar_time(n + 1))
    return journal


def numbers(journal: Journal, **wanted: object) -> list[int]:
    return [int(entry.features_sha256, 16) for entry in journal.entries(**wanted)]


def test_bars_are_read_oldest_first(noted: Journal) -> None:
    assert numbers(noted) == list(range(20))
    assert numbers(noted, last=3) == [17, 18, 19]


def test_bars_are_read_from_a_time_on_and_before_another(noted: Journal) -> None:
    assert numbers(noted, since=bar_time(16)) == [16, 17, 18, 19]
    assert numbers(noted, until=bar_time(2)) == [0, 1]
    assert numbers(noted, since=bar_time(3), until=bar_time(9), last=2) == [7, 8]
    assert numbers(noted, since=bar_time(99)) == []


def test_bars_are_read_by_what_became_of_them(noted: Journal) -> None:
    assert numbers(noted, vetoed=True) == [0, 3, 6, 9, 12, 15, 18]
    assert numbers(noted, traded=True, last=2) == [10, 15]
    third = Prediction(Signal.SELL, 0.6, Probabilities(0.6, 0.2, 0.2), 3)
    noted.write(decided(20, prediction=third), after(20))
    assert numbers(noted, level=3) == [20]
    assert numbers(noted, level=1) == []


def test_trades_and_notes_are_read_in_the_same_way(noted: Journal) -> None:
    assert [trade["number"] for trade in noted.trades()] == [0, 5, 10, 15]
    assert [trade["number"] for trade in noted.trades(since=bar_time(1), last=2)] == [10, 15]
    assert list(noted.notes(last=1)) == [Note(bar_time(20), "swap", "after bar 19")]
    assert [note.text for note in noted.notes(until=bar_time(2))] == ["after bar 0"]


def test_the_last_trades_are_so_many_trades_and_not_bars(journal: Journal) -> None:
    journal.write(decided(0, trades=({"number": 1}, {"number": 2})), after(0))
    journal.write(decided(1, trades=({"number": 3},)), after(1))
    assert [trade["number"] for trade in journal.trades(last=2)] == [2, 3]


def test_the_bars_of_a_version_are_counted(journal: Journal) -> None:
    for n in range(3):
        journal.write(decided(n, version=7 if n else 6), after(n))
    assert [journal.n_answered(2, version) for version in (6, 7, 8)] == [1, 2, 0]
    assert journal.n_answered(1, 7) == 0


def test_a_bar_is_found_by_its_open_time(noted: Journal) -> None:
    assert noted.entry(bar_time(4)) == decided(4)
    assert noted.entry(bar_time(4) + timedelta(minutes=1)) is None
    assert noted.entry(START - timedelta(days=1)) is None


def test_a_reader_beside_the_bot_sees_every_written_bar_and_one_moment_at_a_time(
    journal: Journal, path: Path
) -> None:
    with read_journal(path) as reader:
        for n in range(50):
            journal.write(decided(n), after(n))
            assert reader.last_bar() == bar_time(n)
            assert reader.state() == after(n)
        seen = reader.entries()
        first = next(seen)
        journal.write(decided(50), after(50))
        assert (first, len(list(seen))) == (decided(0), 49)
        assert reader.n_bars() == 51


def test_a_reader_cannot_write(journal: Journal, path: Path) -> None:
    with read_journal(path) as reader, pytest.raises(Exception, match="readonly"):
        reader._db.execute("DELETE FROM bars")


def test_a_journal_at_rest_is_read_and_nothing_of_the_reader_stays(path: Path) -> None:
    filled(path, 2)
    with read_journal(path) as reader:
        assert reader.n_bars() == 2
    with Journal.open(path, identity=reader_identity(path)):
        pass
    assert sorted(one.name for one in path.parent.iterdir()) == ["bot.sqlite", "bot.sqlite.lock"]


def reader_identity(path: Path) -> dict[str, str]:
    with read_journal(path) as reader:
        return reader.identity()


def test_a_journal_of_a_killed_bot_is_read_to_its_last_bar(journal: Journal, tmp_path) -> None:
    journal.write(decided(0), after(0))
    with read_journal(copy_in_use(journal, tmp_path / "killed.sqlite")) as reader:
        assert (reader.last_bar(), reader.state()) == (bar_time(0), after(0))


def test_a_file_name_with_signs_of_a_uri_is_a_file_name(tmp_path: Path) -> None:
    with read_journal(filled(tmp_path / "what? 50%#1.sqlite", 1)) as reader:
        assert reader.n_bars() == 1


def test_a_journal_that_does_not_exist_is_told_and_not_made(path: Path) -> None:
    with pytest.raises(JournalError, match="does not exist: kaidan journal --list shows all"):
        read_journal(path)
    assert not path.exists()
