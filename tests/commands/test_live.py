"""promote, rollback and status, as a user types them."""

import pytest

from kaidan.registry.store import get_version, live_version
from kaidan.settings import load_settings
from tests.kit import wanting, write_config
from tests.release import kaidan, register_twin, using


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


def test_status_before_anything_is_live_says_how_to_begin(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with using(tmp_path / "new.db"):
        shown, answered = kaidan("status"), kaidan("status", "--json")
    assert shown.code == 0
    for level in (1, 2, 3):
        hint = f"ensemble_level{level}: nothing is live; kaidan train --level {level}"
        assert hint in shown.out.splitlines()
    assert answered.json["levels"][2] == {"level": 3, "model": "ensemble_level3", "version": None}


def test_status_shows_what_is_live_in_whole_words(store) -> None:
    done = kaidan("status")
    assert done.code == 0
    lines = [line for line in done.out.splitlines() if "ensemble_level" in line]
    assert [line.split()[1] for line in lines] == [f"ensemble_level{n}" for n in (1, 2, 3)]
    assert all("Production" in line and "promoted" in line for line in lines)
    assert "…" not in done.out


def test_status_as_json_agrees_with_the_release(store, release) -> None:
    rows = kaidan("status", "--json").json["levels"]
    for row, trained in zip(rows, release.answer["levels"], strict=True):
        assert row["model_sha256"] == trained["model_sha256"]
        assert row["log_loss"] == pytest.approx(trained["out_of_fold"]["ensemble"]["log_loss"])
        assert (row["version"], row["stage"], row["aliases"]) == (1, "Production", ["production"])


def test_promotion_and_rollback_tell_what_is_live_now(candidate, release) -> None:
    config = ("--config", str(release.config))
    done = promote(*config)
    assert done.code == 0
    first = "ensemble_level3 version 2 is live\nversion 2: promotable (default gates, champion"
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
    assert "version 1 is live and replaced no other; name one with --to VERSION" in done.err
