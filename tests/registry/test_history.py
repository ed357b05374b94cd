"""What was live when, why, by whom and on which gates; and what the pages of MLflow show of it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import mlflow
import pytest

from kaidan.errors import RefusedError
from kaidan.registry import journal
from kaidan.registry.history import entries, live_at, to_markdown
from kaidan.registry.owner import who
from kaidan.registry.promotion import promote
from kaidan.registry.rollback import rollback
from kaidan.registry.store import get_version


@pytest.fixture
def moved(twin, settings, strict) -> None:
    """Version 2 promoted, version 3 refused, version 3 forced, rolled back to 2."""
    promote(twin(), settings)
    third = twin()
    with pytest.raises(RefusedError):
        promote(third, strict)
    promote(third, strict, force=True, reason="an experiment")
    rollback((3,), settings, reason="it lost money")


def test_every_promotion_refusal_and_rollback_is_there_newest_first(moved) -> None:
    found = [(e.what, e.before, e.after, e.candidate) for e in entries(3)]
    assert found == [
        ("rollback", 3, 2, 2),
        ("promotion", 2, 3, 3),
        ("refusal", 2, 2, 3),
        ("promotion", 1, 2, 2),
        ("promotion", None, 1, 1),
    ]
    numbers = [entry.record for entry in entries()]
    assert numbers == sorted(numbers, reverse=True)
    assert len(entries(3, last=2)) == 2
    assert [entry.what for entry in entries(2)] == ["promotion"]


def test_each_tells_who_which_gates_and_why(moved) -> None:
    back, forced, refused, _, first = entries(3)
    assert {entry.by for entry in entries(3)} == {who()}
    assert back.why.startswith("it lost money; ")
    assert forced.why == "an experiment; forced"
    assert refused.why.startswith("skill_vs_prior is ")
    assert "skill_vs_prior BLOCK" in refused.gates
    assert refused.gates.startswith("default: ")
    assert first.why == "every blocking gate passed"
    assert first.decision["checks"]["argmax_flips"] == ["0", "at most 0", "pass"]
    assert first.facts["model_sha256"] == get_version(3, 1).tag("model_sha256")


def test_it_answers_what_was_live_at_a_time(moved) -> None:
    times = [datetime.fromisoformat(entry.at) for entry in entries(3)]
    assert live_at(3, datetime.now(UTC)).after == 2
    assert [live_at(3, time).after for time in times] == [2, 3, 2, 2, 1]
    assert live_at(3, datetime(2020, 1, 1, tzinfo=UTC)) is None


def test_it_survives_the_deletion_of_versions(moved) -> None:
    before = entries(3)
    for number in ("1", "3"):
        mlflow.MlflowClient().delete_model_version("ensemble_level3", number)
    assert entries(3) == before


def test_it_survives_the_deletion_of_the_whole_model(moved) -> None:
    before = entries(3)
    mlflow.MlflowClient().delete_registered_model("ensemble_level3")
    assert entries(3) == before


def test_the_run_of_the_history_keeps_it_as_a_table_and_as_json(moved, tmp_path) -> None:
    kept = {
        name: Path(
            mlflow.artifacts.download_artifacts(
                run_id=journal.run_id(), artifact_path=name, dst_path=str(tmp_path)
            )
        ).read_text(encoding="utf-8")
        for name in ("history.md", "history.json")
    }
    assert kept["history.md"] == to_markdown(entries())
    assert json.loads(kept["history.json"]) == [vars(entry) for entry in entries()]


def test_the_pages_say_what_is_live_why_and_what_it_replaced(moved) -> None:
    client = mlflow.MlflowClient()
    page = client.get_registered_model("ensemble_level3").description
    assert page.startswith("**Live: version 2**, instead of version 3, since ")
    assert "rollback, it lost money" in page
    (newest, *_) = client.search_model_versions("name = 'kaidan_history'", max_results=1)
    assert "level 3: version 2 live, before: 3" in newest.description
    assert "it lost money" in newest.description
