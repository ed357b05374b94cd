"""status, as a user types it: what is live, why, and what it could go back to."""

from datetime import UTC, datetime, timedelta

import mlflow
import pytest

from kaidan.registry import journal
from kaidan.registry.promotion import promote
from kaidan.registry.record import Action
from kaidan.registry.store import get_version
from kaidan.settings import load_settings
from tests.release import kaidan, register_twin, using


@pytest.fixture
def promoted(store, release) -> None:
    """Version 2 of level 3 is live, by force."""
    candidate = get_version(3, register_twin())
    promote(candidate, load_settings(release.config), force=True, reason="a drill")


def test_before_anything_is_live_it_says_how_to_begin(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with using(tmp_path / "new.db"):
        shown, answered = kaidan("status"), kaidan("status", "--json")
    assert shown.code == 0
    for level in (1, 2, 3):
        hint = f"ensemble_level{level}: nothing is live; kaidan train --level {level}"
        assert hint in shown.out.splitlines()
    assert answered.json["levels"][2] == {"level": 3, "model": "ensemble_level3", "version": None}
    assert answered.json["under_way"] == []


def test_a_level_is_told_in_whole_words(promoted) -> None:
    done = kaidan("status")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert max(map(len, lines)) <= 140
    headings = [line.rstrip() for line in lines if line.startswith("ensemble")]
    assert headings == [
        f"ensemble_level{level} version {version}, stage Production, alias production"
        for level, version in ((1, 1), (2, 1), (3, 2))
    ]
    told = dict(line.strip().split("  ", 1) for line in lines[-13:] if line.strip())
    told = {label: value.strip() for label, value in told.items()}
    assert "promotion by" in told["since"]
    assert told["why"] == "a drill; forced"
    assert told["instead of"] == "version 1"
    assert told["way back"] == "version 1: kaidan rollback --level 3"
    assert told["verdict"].startswith("promoted")
    assert told["learnt until"].endswith("days ago")


def test_as_json_it_agrees_with_the_release(store, release) -> None:
    rows = kaidan("status", "--json").json["levels"]
    for row, trained in zip(rows, release.answer["levels"], strict=True):
        assert row["model_sha256"] == trained["model_sha256"]
        assert row["log_loss"] == pytest.approx(trained["out_of_fold"]["ensemble"]["log_loss"])
        assert (row["version"], row["stage"], row["aliases"]) == (1, "Production", ["production"])
        assert row["release"] == mlflow.get_run(trained["run_id"]).data.tags["release"]
        decided = trained["decision"]["checks"]
        assert row["warned_by"] == [one["name"] for one in decided if one["mark"] == "warn"]
        assert (row["action"], row["record"], row["instead_of"]) == ("promotion", 1, None)
        assert row["learnt_days_ago"] > row["trained_days_ago"] >= 0
        age = datetime.now(UTC) - datetime.fromisoformat(row["since"])
        assert timedelta() < age < timedelta(hours=1)


def test_as_json_it_says_what_was_replaced_and_what_a_rollback_goes_back_to(promoted) -> None:
    row = kaidan("status", "--json").json["levels"][2]
    assert (row["version"], row["instead_of"], row["way_back"]) == (2, 1, 1)
    assert row["replaced_version"] == "1"
    assert row["why"] == "a drill; forced"


def test_what_the_history_does_not_explain_is_said_to_be_so(promoted) -> None:
    mlflow.MlflowClient().set_registered_model_alias("ensemble_level3", "production", "1")
    row = kaidan("status", "--json").json["levels"][2]
    assert (row["version"], row["since"], row["why"], row["way_back"]) == (1, None, None, None)
    out = kaidan("status").out
    assert "unknown: the history does not say that it is live; kaidan doctor --fix" in out


def test_who_is_at_work_is_told(store) -> None:
    record = journal.add(Action.rollback, (3,), "")
    (told,) = kaidan("status", "--json").json["under_way"]
    assert (told["record"], told["levels"], told["cut_off"]) == (record.number, [3], False)
    assert f"record 2, a rollback by {record.owner.name}, is under way" in kaidan("status").out


def test_who_was_killed_is_told_with_what_to_do(store) -> None:
    record = journal.add(Action.rollback, (3,), "")
    gone = type(record.owner)(**vars(record.owner) | {"started": 1.0})
    journal.write(record.with_(owner=gone))
    assert kaidan("status", "--json").json["under_way"][0]["cut_off"] is True
    last = kaidan("status").out.splitlines()[-1]
    assert "was cut off on" in last
    assert last.endswith("kaidan doctor --fix")
