"""Journals lie below the home, and are found there."""

import os
from pathlib import Path

import pytest

from kaidan.bot.journal.files import journal_file, journal_files
from kaidan.errors import UsageError
from tests.bot.journal.kit import filled


def test_a_name_is_a_file_below_the_home(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("KAIDAN_HOME", str(tmp_path))
    assert journal_file("btc.v2") == tmp_path / "journal" / "btc.v2.sqlite"
    assert journal_file("a", home=tmp_path / "b") == tmp_path / "b" / "journal" / "a.sqlite"


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", ".hidden", "a b", "x" * 65])
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="wanted at most 64 letters"):
        journal_file(name)


def test_journals_are_listed_by_when_they_were_written(tmp_path: Path) -> None:
    assert journal_files(home=tmp_path) == []
    paths = [filled(journal_file(name, home=tmp_path), 1) for name in "abc"]
    for age, path in zip((2, 1, 3), paths, strict=True):
        os.utime(path, (1e9 - age, 1e9 - age))
    assert [path.stem for path in journal_files(home=tmp_path)] == ["b", "a", "c"]
    # What a running bot writes is in its log first.
    log = paths[2].with_name("c.sqlite-wal")
    log.touch()
    assert [path.stem for path in journal_files(home=tmp_path)] == ["c", "b", "a"]
