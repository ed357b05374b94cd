"""What is written down is what is read back."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from kaidan.bot.journal import Entry, Journal, JournalError
from kaidan.serving.dummy import DummyModel
from tests.bot.journal.kit import after, bar_time, decided


def kept(journal: Journal, entry: Entry) -> Entry:
    journal.write(entry, {})
    return journal.entry(entry.bar.time)


@pytest.mark.parametrize("n", range(6))
def test_an_entry_comes_back_as_it_was(journal: Journal, n: int) -> None:
    assert kept(journal, decided(n)) == decided(n)


def test_a_bar_that_no_level_answered_comes_back_as_it_was(journal: Journal) -> None:
    nobody = decided(1, prediction=DummyModel().predict(()), version=None, model_sha256=None)
    assert kept(journal, nobody) == nobody


def test_times_of_another_zone_come_back_in_utc(journal: Journal) -> None:
    tokyo = timezone(timedelta(hours=9))
    bar = decided(1).bar._replace(time=bar_time(1).astimezone(tokyo))
    found = kept(journal, decided(1, bar=bar, decided_at=datetime(2026, 11, 1, 9, tzinfo=tokyo)))
    assert found.bar.time.tzinfo is UTC
    assert (found.bar.time, found.decided_at) == (bar_time(1), datetime(2026, 11, 1, tzinfo=UTC))


def test_what_has_no_number_in_it_is_null_so_that_every_reader_of_json_can_read_it(
    journal: Journal, path
) -> None:
    verdict = {"score": float("nan"), "steps": [1.0, float("-inf")], "vetoes": []}
    assert kept(journal, decided(1, verdict=verdict)).verdict == {
        "score": None,
        "steps": [1.0, None],
        "vetoes": [],
    }
    with sqlite3.connect(path) as db:
        ((steps,),) = db.execute("SELECT json_extract(verdict, '$.steps') FROM bars")
    db.close()
    assert steps == "[1.0,null]"


def test_numbers_of_numpy_are_numbers(journal: Journal) -> None:
    found = kept(journal, decided(1, equity_share=np.float32(1.5), latency_us=np.float64(3)))
    assert (found.equity_share, found.latency_us) == (1.5, 3.0)


def test_an_answer_without_a_number_is_refused_in_one_line_and_leaves_nothing(
    journal: Journal,
) -> None:
    with pytest.raises(JournalError, match=r"NOT NULL.*equity_share.*; .*please report it$"):
        journal.write(decided(1, equity_share=float("nan")), {})
    assert (journal.last_bar(), journal.state()) == (None, None)
    journal.write(decided(1), after(1))
    assert journal.state() == after(1)


def test_an_entry_is_one_plain_object_for_machines() -> None:
    said = json.loads(json.dumps(decided(0).to_dict(), allow_nan=False))
    assert said["bar"]["time"] == "2026-11-01T00:00:00+00:00"
    assert said["answer"]["probabilities"] == {"sell": 0.2, "hold": 0.3, "buy": 0.5}
    assert (said["answer"]["version"], said["side"]) == (7, "LONG")
    assert said["verdict"]["vetoes"][0]["name"] == "spread"
