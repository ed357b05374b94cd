"""promote and rollback, as a user types them."""

import pytest

from kaidan.registry.store import get_version, live_version
from kaidan.settings import load_settings
from tests.kit import wanting, write_config
from tests.release import kaidan, register_twin


@pytest.fixture
def candidate(store) -> None:
    """Version 2 of level 3 is registered and not live."""
    assert register_twin() == 2


@pytest.fixture
def strict(release, tmp_path) -> str:
    """A configuration with a gate that no model passes."""
    settings = wanting(load_settings(release.config), skill_vs_prior=9.0)
    return str(write_config(tmp_path / "strict", settings))


def promote(*more: str):
    return kaidan("promote", "--level", "3", "--version", "2", *more)


def test_promotion_and_rollback_tell_what_is_live_now(candidate, release) -> None:
    config = ("--config", str(release.config))
    done = promote(*config)
    assert done.code == 0
    first = (
        "ensemble_level3 version 2 is live, instead of version 1\n"
        "version 2: promotable (default gates, champion"
    )
    assert done.out.startswith(first)
    done = kaidan("rollback", "--level", "3", *config)
    assert done.out == "level 3: version 1 is live again, instead of 2\n"
    assert live_version(3).number == 1


def test_promotion_and_rollback_answer_as_json(candidate, release) -> None:
    config = ("--config", str(release.config), "--json")
    answer = promote(*config).json
    assert (answer["level"], answer["version"]) == (3, 2)
    assert answer["decision"]["verdict"] == "promotable"
    answer = kaidan("rollback", "--level", "3", "--to", "1", *config).json
    assert answer == {"rolled_back": [{"level": 3, "from": 2, "to": 1}]}


def test_a_refused_promotion_exits_with_3_and_one_line(candidate, strict) -> None:
    done = promote("--config", strict)
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("kaidan: ensemble_level3 version 2 is refused: skill_vs_prior is")
    assert done.err.count("\n") == 1
    assert live_version(3).number == 1


def test_force_with_a_reason_promotes_all_the_same(candidate, strict) -> None:
    done = promote("--config", strict, "--force", "--reason", "a drill")
    assert done.code == 0
    assert get_version(3, 2).tag("promotion_reason") == "a drill"
    assert get_version(3, 2).stage == "Production"


def test_nothing_to_roll_back_to_is_one_line(store) -> None:
    done = kaidan("rollback", "--level", "3")
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert "version 1 replaced no other; name one that was live with --to VERSION" in done.err


def test_promoting_what_is_live_says_so(store, release) -> None:
    config = ("--config", str(release.config))
    done = kaidan("promote", "--level", "3", "--version", "1", *config)
    assert done.code == 0
    assert done.out.startswith("ensemble_level3 version 1 is live already\n")


@pytest.fixture
def second_release(store) -> str:
    """Version 2 of each level, as if the run that made version 1 had trained it; gives the run."""
    for level in (1, 2, 3):
        register_twin(level)
    return get_version(1, 1).tag("release")


def live() -> tuple[int, ...]:
    return tuple(live_version(level).number for level in (1, 2, 3))


def test_a_release_is_promoted_and_rolled_back_whole(second_release, release) -> None:
    config = ("--config", str(release.config))
    answer = kaidan("promote", "--level", "all", *config, "--json").json
    assert answer["release"] == second_release
    assert [(one["level"], one["version"], one["live"]) for one in answer["levels"]] == [
        (level, 2, True) for level in (1, 2, 3)
    ]
    assert live() == (2, 2, 2)
    done = kaidan("rollback", "--level", "all", *config)
    assert done.out.splitlines() == [
        f"level {level}: version 1 is live again, instead of 2" for level in (1, 2, 3)
    ]
    assert live() == (1, 1, 1)


def test_a_release_that_the_gates_refuse_exits_with_3_and_one_line(second_release, strict) -> None:
    done = kaidan("promote", "--level", "all", "--release", second_release[:8], "--config", strict)
    assert (done.code, done.out, done.err.count("\n")) == (3, "", 1)
    assert done.err.count("is refused: skill_vs_prior is") == 3
    assert live() == (1, 1, 1)
