"""Every --level takes an old name, and says on stderr what to write instead."""

import pytest

from kaidan.commands.options import one_level, several_levels
from kaidan.errors import UsageError
from tests.legacy import empty_store, empty_store_file
from tests.release import kaidan

__all__ = ["empty_store", "empty_store_file"]

OLD = [("production_ensemble_full", 1), ("production_ensemble", 2), ("production_ensemble_57", 3)]


@pytest.mark.parametrize(("name", "level"), OLD)
def test_an_old_name_is_a_level_with_one_line_of_warning(capsys, name, level) -> None:
    assert one_level(name) == level
    said = capsys.readouterr()
    assert said.err == f"kaidan: --level {name} is an old name, say --level {level}\n"
    assert several_levels(name) == (level,)
    assert capsys.readouterr() == said


@pytest.mark.parametrize("name", ["2", "ensemble_level2"])
def test_a_number_and_a_registered_name_are_levels_without_a_word(capsys, name) -> None:
    assert (one_level(name), several_levels(name)) == (2, (2,))
    assert capsys.readouterr().err == ""


def test_all_is_not_one_level() -> None:
    assert several_levels("all") == (1, 2, 3)
    with pytest.raises(UsageError, match="--level got 'all', wanted 1, 2 or 3"):
        one_level("all")


@pytest.mark.parametrize("name", ["production_ensemble_62", "ensemble_level4", "", "02"])
def test_any_other_name_is_refused(name) -> None:
    with pytest.raises(UsageError, match="wanted 1, 2 or 3"):
        one_level(name)
    with pytest.raises(UsageError, match="wanted 1, 2, 3 or all"):
        several_levels(name)


def test_the_warning_leaves_stdout_to_the_answer(empty_store) -> None:
    done = kaidan("rollback", "--level", "production_ensemble", "--json")
    assert (done.code, done.out) == (1, "")
    warning, failure = done.err.splitlines()
    assert warning == "kaidan: --level production_ensemble is an old name, say --level 2"
    assert failure.startswith("kaidan: level 2 has no Production version")
