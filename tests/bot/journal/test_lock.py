"""One bot a journal, and no lock that outlives its bot."""

import os
from pathlib import Path

import pytest

from kaidan.bot.journal import Journal, JournalError
from tests.bot.journal.kit import IDENTITY
from tests.bot.journal.test_killed import start


def test_a_second_bot_is_told_who_holds_the_journal_and_the_death_of_the_first_frees_it(
    path: Path,
) -> None:
    first = start(path)
    first.stdout.readline()
    with pytest.raises(JournalError) as refused:
        Journal.open(path, identity=IDENTITY)
    first.kill()
    first.wait()
    first.stdout.close()
    assert str(refused.value) == (
        f"journal {path} is in use by process {first.pid}: stop that bot, or give this one "
        "another --name"
    )
    Journal.open(path, identity=IDENTITY).close()


def test_one_process_does_not_hold_it_twice(journal: Journal, path: Path) -> None:
    with pytest.raises(JournalError, match=f"in use by process {os.getpid()}"):
        Journal.open(path, identity=IDENTITY)
    journal.close()
    Journal.open(path, identity=IDENTITY).close()
