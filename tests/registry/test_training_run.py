"""What a release leaves in MLflow, asked with MLflow's own client."""

import mlflow
import numpy as np
import pandas as pd
import pytest

from kaidan.evaluation.baselines import BASELINES
from kaidan.features.contract import level_contract
from kaidan.learning.dataset import build_history
from kaidan.learning.ensemble import ProductionEnsemble
from kaidan.market.sample import sample_bars, sample_macro
from kaidan.registry.bundle import bundle_ensemble
from kaidan.registry.gates import AGAINST_CHAMPION
from kaidan.registry.notes import notes
from kaidan.registry.provenance import provenance
from kaidan.registry.store import get_version, live_version
from tests.kit import write_config
from tests.release import DAYS, kaidan
from tests.server import only_sqlite

SOURCES = ["lightgbm", "xgboost", "random_forest", "ensemble", *BASELINES]
N_FEATURES = {1: 70, 2: 62, 3: 57}


@pytest.fixture
def client(store) -> mlflow.MlflowClient:
    return mlflow.MlflowClient()


def run_of(client, level: int):
    return client.get_run(get_version(level, 1).run_id)


def test_a_release_is_a_parent_run_with_a_child_for_each_level(client) -> None:
    experiment = client.get_experiment_by_name("kaidan")
    runs = client.search_runs([experiment.experiment_id])
    (parent,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in runs if run is not parent]
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parent.info.run_id}
    assert sorted(run.data.params["level"] for run in children) == ["1", "2", "3"]
    assert parent.data.params["level"] == "all"
    assert parent.data.tags["mlflow.runName"] == f"all levels, {DAYS} days of sample"
    assert {run.info.status for run in runs} == {"FINISHED"}


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_run_says_what_was_asked_for_and_used(client, settings, level) -> None:
    params = run_of(client, level).data.params
    assert params["n_features"] == str(N_FEATURES[level])
    assert params["config_id"] == settings.config_id
    assert params["label.horizon_bars"] == "16"
    assert params["members.lightgbm.params.n_estimators"] == "25"
    assert params["rounds.random_forest"] == "20"
    assert params["rows_left_out.future unknown"] == "16"


def test_each_command_line_value_is_a_parameter_of_the_parent(client) -> None:
    parent = client.get_run(run_of(client, 3).data.tags["mlflow.parentRunId"])
    wanted = {"data": "sample", "macro": "", "days": DAYS, "trials": "0", "promote": "auto"}
    assert parent.data.params == wanted | {"seed": "7", "level": "all"}


def test_a_run_has_the_scores_of_every_source_on_both_sets_of_rows(client) -> None:
    metrics = run_of(client, 2).data.metrics
    for part in ("oof", "holdout"):
        for source in SOURCES:
            for name in ("log_loss", "brier", "macro_f1", "weighted_f1", "accuracy", "mcc", "ece"):
                assert np.isfinite(metrics[f"{part}.{source}.{name}"])
        for baseline in BASELINES:
            assert metrics[f"{part}.skill_vs_{baseline}"] == pytest.approx(
                metrics[f"{part}.{baseline}.log_loss"] - metrics[f"{part}.ensemble.log_loss"]
            )
    assert metrics["parity.argmax_flips"] == 0
    assert metrics["wall_seconds"] > 0
    assert 50 < metrics["peak_rss_mb"] < 5_000


def test_log_loss_by_fold_is_a_curve_over_the_folds(client) -> None:
    run_id = get_version(3, 1).run_id
    curves = {s: client.get_metric_history(run_id, f"fold.{s}.log_loss") for s in SOURCES}
    assert {tuple(point.step for point in curve) for curve in curves.values()} == {(1, 2, 3)}
    mean = np.mean([point.value for point in curves["ensemble"]])
    assert mean == pytest.approx(run_of(client, 3).data.metrics["oof.ensemble.log_loss"])


def test_the_data_is_an_input_of_the_run(client) -> None:
    run = run_of(client, 1)
    (found,) = run.inputs.dataset_inputs
    assert found.dataset.name == "sample level 1"
    assert found.dataset.digest == run.data.tags["data_sha256"][:12]
    assert {tag.key: tag.value for tag in found.tags}["mlflow.data.context"] == "training"


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_version_carries_the_tags_of_the_contract(client, release, settings, level) -> None:
    version = get_version(level, 1)
    answer = release.answer["levels"][level - 1]
    code = provenance()
    assert version.tags.pop("promoted_at")
    assert len(version.tags.pop("package_sha256")) == 64
    assert len(version.tags.pop("native_sha256")) == 64
    parent = run_of(client, level).data.tags["mlflow.parentRunId"]
    decision = answer["decision"]
    missed = {
        mark: ", ".join(c["name"] for c in decision["checks"] if c["mark"] == mark) or "none"
        for mark in ("warn", "BLOCK")
    }
    first, last = (pd.Timestamp(version.tags.pop(f"learnt_{end}")) for end in ("from", "until"))
    assert pd.Timedelta(days=30) < last - first < pd.Timedelta(days=40)
    assert last < sample_bars().index[-1] - pd.Timedelta(days=3)  # where the hold-out begins
    assert version.tags == {
        "refused_by": missed["BLOCK"],
        "warned_by": missed["warn"],
        "direction": "not found" if "direction" in missed["warn"] else "found",
        "judged_against": "none",
        "gates_profile": "default",
        "git_commit": code.commit,
        "git_dirty": str(code.dirty).lower(),
        "contract_sha256": level_contract(settings, level).sha256,
        "model_sha256": answer["model_sha256"],
        "data_sha256": run_of(client, level).data.tags["data_sha256"],
        "level": str(level),
        "release": parent,
        "n_features": str(N_FEATURES[level]),
        "verdict": "promoted",
    }


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_version_has_a_description_that_a_person_can_read(client, settings, level) -> None:
    text = client.get_model_version(f"ensemble_level{level}", "1").description
    assert "every blocking gate" in text.splitlines()[0]
    for part in ("### Out of fold", "### Hold-out", "| **ensemble** |", "future", "| **model** |"):
        assert part in text
    for name in settings.gates.checks.model_dump():
        assert (f"| {name} |" in text) == (name not in AGAINST_CHAMPION)
    for note in notes(run_of(client, level).data.metrics):
        assert f"- {note}" in text


def test_a_registered_model_says_which_version_is_live(client) -> None:
    text = client.get_registered_model("ensemble_level2").description
    assert text.startswith("**Live: version 1**, since 20")


def test_a_run_keeps_its_figures_its_card_and_its_features(client, settings) -> None:
    run_id = get_version(2, 1).run_id
    figures = {item.path for item in client.list_artifacts(run_id, "figures")}
    assert figures == {
        f"figures/{name}.png"
        for name in (
            "confusion_out_of_fold",
            "confusion_holdout",
            "reliability_out_of_fold",
            "reliability_holdout",
            "fold_timeline",
            "skill_by_month",
            "class_mix",
            "importance",
            "equity",
            "shap",
        )
    }
    uri = f"runs:/{run_id}"
    card = mlflow.artifacts.load_text(f"{uri}/decision/card.md")
    description = client.get_model_version("ensemble_level2", "1").description
    assert card.splitlines()[0] == description.splitlines()[0]
    assert card.endswith(description[description.index("### Data") :])
    for name, check in settings.gates.checks.model_dump().items():
        assert (check["reason"] in card) == (name not in AGAINST_CHAMPION)
    decision = mlflow.artifacts.load_dict(f"{uri}/decision/decision.json")
    assert (decision["verdict"], decision["candidate"]) == ("promotable", 1)
    assert len(mlflow.artifacts.load_text(f"{uri}/features.txt").split()) == 62


@pytest.mark.parametrize("level", [1, 2, 3])
def test_stage_and_alias_name_the_same_version(client, level) -> None:
    found = client.get_model_version(f"ensemble_level{level}", "1")
    assert (found.current_stage, found.aliases) == ("Production", ["production"])


def test_a_refused_candidate_stays_registered_and_the_live_one_stays_live(
    store, strict, tmp_path
) -> None:
    config = write_config(tmp_path / "strict", strict)
    done = kaidan("train", "--level", "3", "--days", DAYS, "--config", str(config), "--json")
    assert done.code == 0, done.err
    (answer,) = done.json["levels"]
    assert (answer["live"], answer["decision"]["verdict"]) == (False, "refused")
    candidate = get_version(3, 2)
    assert (candidate.stage, candidate.aliases) == ("None", ())
    assert candidate.tag("verdict") == "refused"
    assert live_version(3) == get_version(3, 1)
    text = mlflow.MlflowClient().get_model_version("ensemble_level3", "2").description
    assert "Refused" in text.splitlines()[0]
    assert "skill_vs_prior is " in text.splitlines()[0]
    # The same data, seed and thread count: the same model, to the last byte.
    assert candidate.tag("model_sha256") == get_version(3, 1).tag("model_sha256")


@only_sqlite
def test_promote_never_leaves_a_promotable_version_where_it_is(store, release) -> None:
    done = kaidan("train", "--level", "3", "--promote", "never", *release.options)
    assert done.code == 0, done.err
    candidate = get_version(3, 2)
    assert (candidate.stage, candidate.aliases) == ("None", ())
    assert candidate.tag("verdict") == "promotable"
    assert live_version(3) == get_version(3, 1)
    assert candidate.tag("model_sha256") == get_version(3, 1).tag("model_sha256")


def test_another_seed_is_another_model(settings, tmp_path) -> None:
    days = int(DAYS)
    bars = sample_bars().iloc[-days * 96 - settings.levels.warmup_bars + 1 :]
    history = build_history(bars, sample_macro(), settings, days=days, source="sample")
    hashes = []
    for turn, chosen in enumerate((settings, settings, settings.with_seed(8))):
        data = history.dataset(3, chosen)
        ensemble = ProductionEnsemble(chosen.training).fit(
            data.features.iloc[data.development], data.y[data.development]
        )
        folder = tmp_path / str(turn)
        bundled = bundle_ensemble(ensemble, level_contract(chosen, 3), data, folder)
        assert bundled.parity.argmax_flips == 0
        assert bundled.reproducible
        assert 0 < bundled.row_ms < 100
        assert bundled.parity.n_rows == len(data.y)
        hashes.append(bundled.model_sha256)
    assert hashes[0] == hashes[1] != hashes[2]
