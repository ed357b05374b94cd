"""A candidate meets the champion on the candidate's own hold-out, and only on those of its bars
that the champion has not learnt from."""

import json

import mlflow
import numpy as np
import pandas as pd
import pytest

from kaidan.errors import RefusedError
from kaidan.registry.champion import HOLDOUT_PATH, MIN_BARS, Comparison, compare
from kaidan.registry.judgement import judge
from kaidan.registry.promotion import promote
from kaidan.registry.store import (
    fetch_run_artifact,
    get_version,
    live_version,
    set_tags,
)
from tests.kit import wanting, write_config
from tests.release import DAYS, kaidan


def checks(decision):
    return {check.name: check for check in decision.checks}


def test_against_itself_a_model_is_neither_better_nor_worse(twin, settings) -> None:
    found = compare(twin(), live_version(3))
    assert (found.skill.estimate, found.skill.low, found.skill.high) == (0, 0, 0)
    assert (found.champion, found.trades_ratio) == (1, 1)
    decision = judge(get_version(3, 2), settings)
    assert decision.champion == 1
    assert checks(decision)["champion"].passed
    assert any("Against champion version 1, on" in note for note in decision.notes)


def test_all_hold_out_bars_are_compared_when_the_champion_saw_none(twin, tmp_path) -> None:
    candidate = twin()
    kept = pd.read_parquet(fetch_run_artifact(candidate, HOLDOUT_PATH, tmp_path))
    assert compare(candidate, live_version(3)).n_bars == len(kept) > MIN_BARS
    assert kept.shape[1] == 57 + 1


def test_bars_that_the_champion_has_learnt_from_are_left_out(twin, tmp_path) -> None:
    candidate = twin()
    times = pd.read_parquet(fetch_run_artifact(candidate, HOLDOUT_PATH, tmp_path)).index
    set_tags(live_version(3), {"learnt_until": times[99].isoformat()})
    assert compare(candidate, live_version(3)).n_bars == len(times) - 100


def test_a_champion_that_saw_them_all_cannot_be_replaced_by_luck(twin, settings, tmp_path) -> None:
    candidate = twin()
    times = pd.read_parquet(fetch_run_artifact(candidate, HOLDOUT_PATH, tmp_path)).index
    set_tags(live_version(3), {"learnt_until": times[-1].isoformat()})
    with pytest.raises(RefusedError, match="champion is nan"):
        promote(candidate, settings)
    assert live_version(3).number == 1
    text = mlflow.MlflowClient().get_model_version("ensemble_level3", "2").description
    assert text.startswith("Refused: champion is nan")
    assert "has learnt from all but 0 of the hold-out bars" in text


def test_a_champion_that_learnt_from_later_bars_only_can_be_asked(twin) -> None:
    candidate = twin()
    later = {"learnt_from": "2030-01-01T00:00+00:00", "learnt_until": "2030-06-01T00:00+00:00"}
    set_tags(live_version(3), later)
    assert compare(candidate, live_version(3)).n_bars > MIN_BARS


def test_a_worse_candidate_is_refused_for_what_it_would_replace(
    store, release, settings, tmp_path
) -> None:
    """One tree that knows its training rows by heart; every other gate is opened for it."""
    lenient = wanting(
        settings, skill_vs_prior=-99.0, volatility_margin=-99.0, calibration_error=1.0
    )
    values = settings.training.model_dump() | {"calibration": "none"}
    for name, weight in (("lightgbm", 0.0), ("xgboost", 0.0), ("random_forest", 1.0)):
        values["members"][name]["weight"] = weight
    values["members"]["random_forest"]["params"] = {"n_estimators": 1}
    training = settings.training.model_validate(values)
    config = write_config(tmp_path / "lenient", lenient.with_training(training))
    done = kaidan("train", "--level", "3", "--days", DAYS, "--config", str(config), "--json")
    assert done.code == 0, done.err
    (answer,) = done.json["levels"]
    assert not answer["live"]
    assert [c["name"] for c in answer["decision"]["checks"] if c["mark"] == "BLOCK"] == ["champion"]
    assert live_version(3).number == 1


def test_a_champion_of_another_contract_is_not_asked_and_does_not_stand_in_the_way(
    twin, settings
) -> None:
    candidate = twin()
    set_tags(live_version(3), {"contract_sha256": "0" * 64})
    found = compare(candidate, live_version(3))
    assert isinstance(found, str)
    decision = judge(candidate, settings)
    assert decision.champion is None
    assert "champion" not in checks(decision)
    assert any("another contract" in note for note in decision.notes)


def test_a_champion_that_is_damaged_is_not_asked(twin, settings) -> None:
    candidate = twin()
    set_tags(live_version(3), {"model_sha256": "0" * 64})
    decision = judge(candidate, settings)
    assert decision.champion is None
    assert any("Champion version 1 cannot be asked: " in note for note in decision.notes)


def test_a_champion_that_does_not_tell_what_it_learnt_from_is_not_asked(twin, settings) -> None:
    candidate = twin()
    mlflow.MlflowClient().delete_model_version_tag("ensemble_level3", "1", "learnt_until")
    decision = judge(candidate, settings)
    assert decision.champion is None
    assert any("has no tag 'learnt_until'" in note for note in decision.notes)


def test_a_comparison_is_a_sentence_and_metrics(twin) -> None:
    found = compare(twin(), live_version(3))
    assert isinstance(found, Comparison)
    assert str(found).endswith("+0.0000 [+0.0000, +0.0000] nats a bar saved.")
    assert found.to_metrics()["champion.n_bars"] == found.n_bars
    assert np.isfinite(list(found.to_metrics().values())).all()


def test_a_decision_against_a_champion_is_kept_with_its_numbers(twin, settings) -> None:
    candidate = twin()
    promote(candidate, settings)
    text = mlflow.artifacts.load_text(f"runs:/{candidate.run_id}/decision/decision.json")
    kept = json.loads(text)
    assert (kept["candidate"], kept["champion"]) == (2, 1)
    assert get_version(3, 2).tag("judged_against") == "1"
