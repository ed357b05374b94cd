"""What a search leaves in MLflow, and that it goes on from there, whatever happened to it."""

import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import mlflow
import numpy as np
import pytest
from mlflow.entities import Run

from kaidan.errors import SettingsError
from kaidan.learning.dataset import build_history
from kaidan.learning.inputs import input_names
from kaidan.learning.tuned import Trial
from kaidan.learning.tuning import tune_members
from kaidan.market.sample import sample_bars, sample_macro
from kaidan.registry import tuning_log
from kaidan.registry.run_log import Request
from kaidan.registry.tuning_log import TuningLog, runs_tagged, study_keys
from kaidan.registry.tuning_run import tune_levels
from kaidan.settings import Settings
from tests.kit import write_config
from tests.release import kaidan
from tests.tuning_kit import Notebook, empty_store, tuning_settings

__all__ = ["empty_store"]

N_TRIALS = 3
LEVEL = 3
DAYS = 10
SHA256 = "d" * 64
MEMBERS = ["lightgbm", "xgboost", "random_forest"]
# Ends itself as `kill -9` would, in the n-th call of one of the three that write a trial.
KILLED = """
import os, signal, sys
from mlflow import MlflowClient
from kaidan.cli import main
name, n = sys.argv[1], int(sys.argv[2])
real, calls = getattr(MlflowClient, name), []
def deadly(*args, **options):
    calls.append(name)
    if len(calls) == n:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **options)
setattr(MlflowClient, name, deadly)
main(sys.argv[3:])
"""


@pytest.fixture(scope="module")
def settings() -> Settings:
    return tuning_settings()


@pytest.fixture(scope="module")
def history(settings):
    return build_history(sample_bars(), sample_macro(), settings, days=DAYS, source="sample")


@pytest.fixture
def log(empty_store) -> TuningLog:
    experiment = mlflow.set_experiment("kaidan").experiment_id
    parent = mlflow.MlflowClient().create_run(experiment)
    return TuningLog(parent, {"lightgbm": "a", "xgboost": "b"})


def trial(number: int, *, pruned: bool = False) -> Trial:
    return Trial(number, {"learning_rate": 0.1 + 0.2, "num_leaves": 7}, (1.0, 1 / 3), pruned)


def record(log: TuningLog, *trials: Trial) -> None:
    for one in trials:
        log.record("lightgbm", one, {**one.params, "n_estimators": 25}, 2.0)


def children(parent_id: str) -> list[Run]:
    return list(runs_tagged("mlflow.parentRunId", parent_id))


def tune(history, settings, n_trials=N_TRIALS, *, levels=(LEVEL,), days=DAYS, judged=False):
    request = Request(data="sample", macro="", days=days, trials=n_trials, promote="never")
    return tune_levels(
        levels,
        history,
        request,
        settings,
        data_sha256=SHA256,
        progress=lambda *_: None,
        judged=judged,
    )


def test_a_trial_is_read_as_it_was_written(log: TuningLog) -> None:
    written = [trial(0), trial(1, pruned=True), trial(2)]
    record(log, *written)
    assert log.finished("lightgbm") == written
    assert log.finished("xgboost") == []


def test_a_trial_is_a_child_run_with_its_parameters_and_its_folds(log: TuningLog) -> None:
    record(log, trial(0), trial(1, pruned=True))
    first, second = children(log.parent.info.run_id)
    assert first.data.params == {
        "learning_rate": str(0.1 + 0.2),
        "num_leaves": "7",
        "n_estimators": "25",
    }
    assert (first.info.status, first.info.run_name) == ("FINISHED", "lightgbm 0")
    assert first.info.end_time - first.info.start_time == pytest.approx(2000, abs=1000)
    client = mlflow.MlflowClient()
    steps = client.get_metric_history(first.info.run_id, "fold_log_loss")
    assert [(m.step, m.value) for m in steps] == [(1, 1.0), (2, 1 / 3)]
    assert first.data.metrics["log_loss"] == pytest.approx(2 / 3)
    # Its folds are fewer: nobody should sort it among the others.
    assert "log_loss" not in second.data.metrics
    assert second.info.run_name == "lightgbm 1 (pruned)"


def test_a_trial_whose_run_was_cut_short_does_not_count_and_is_closed(log: TuningLog) -> None:
    record(log, trial(0), trial(1))
    torn = children(log.parent.info.run_id)[1].info.run_id
    client = mlflow.MlflowClient()
    client.update_run(torn, status="RUNNING")
    assert log.finished("lightgbm") == [trial(0)]
    assert client.get_run(torn).info.status == "KILLED"
    record(log, trial(1))
    assert log.finished("lightgbm") == [trial(0), trial(1)]


def test_a_trial_that_two_processes_tried_counts_once(log: TuningLog) -> None:
    record(log, trial(0), trial(0), trial(1))
    assert log.finished("lightgbm") == [trial(0), trial(1)]


def test_after_a_deleted_trial_the_search_goes_on_from_the_gap(log: TuningLog) -> None:
    record(log, trial(0), trial(1), trial(2))
    mlflow.MlflowClient().delete_run(children(log.parent.info.run_id)[1].info.run_id)
    assert log.finished("lightgbm") == [trial(0)]


def test_more_trials_than_a_page_holds_are_all_read(
    log: TuningLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning_log, "PAGE", 2)
    record(log, *(trial(number) for number in range(5)))
    assert [one.number for one in log.finished("lightgbm")] == [0, 1, 2, 3, 4]


def test_a_study_is_known_by_what_its_member_learns_from_and_how(settings: Settings) -> None:
    known = study_keys(LEVEL, SHA256, DAYS, settings)
    training = settings.training
    label = training.label.model_copy(update={"horizon_bars": 8})
    others = [
        study_keys(2, SHA256, DAYS, settings),
        study_keys(LEVEL, "e" * 64, DAYS, settings),
        study_keys(LEVEL, SHA256, DAYS + 1, settings),
        study_keys(LEVEL, SHA256, DAYS, settings.with_seed(8)),
        study_keys(
            LEVEL,
            SHA256,
            DAYS,
            settings.with_training(training.model_copy(update={"label": label})),
        ),
    ]
    keys = [key for one in [known, *others] for key in one.values()]
    assert len(set(keys)) == len(keys) == 6 * len(MEMBERS)


def test_what_does_not_touch_a_member_leaves_its_study_alone(settings: Settings) -> None:
    known = study_keys(LEVEL, SHA256, DAYS, settings)
    values = settings.training.model_dump()
    values["voting"] = "soft"
    values["confidence_threshold"] = 0.5
    values["members"]["lightgbm"]["weight"] = 0.1
    values["members"]["xgboost"]["params"]["max_depth"] = 2
    changed = settings.with_training(type(settings.training).model_validate(values))
    new = study_keys(LEVEL, SHA256, DAYS, changed)
    assert {name for name in MEMBERS if new[name] != known[name]} == {"xgboost"}


def test_levels_are_a_run_each_with_a_run_for_each_trial_below(
    empty_store, history, settings
) -> None:
    tuned = tune(history, settings, 2, levels=(2, 3))
    client = mlflow.MlflowClient()
    for one in tuned:
        run = client.get_run(one.run_id)
        assert run.info.run_name == f"tuning level {one.level}, {DAYS} days of sample"
        assert run.info.status == "FINISHED"
        assert run.data.params["level"] == run.data.tags["level"] == str(one.level)
        members = Counter(child.data.tags["member"] for child in children(one.run_id))
        assert members == dict.fromkeys(MEMBERS, 2)
        for name, found in one.members.items():
            assert run.data.metrics[f"{name}.log_loss"] == found.loss
            assert run.data.metrics[f"{name}.configured_log_loss"] == found.configured_loss
    kept = mlflow.artifacts.load_dict(f"runs:/{tuned[0].run_id}/tuned_params.json")
    assert kept == tuned[0].params


def test_the_same_search_reopens_its_run_and_tries_only_what_is_missing(
    empty_store, history, settings
) -> None:
    (first,) = tune(history, settings, 2)
    before = {run.info.run_id for run in children(first.run_id)}
    (more,) = tune(history, settings, 3)
    assert more.run_id == first.run_id
    after = {run.info.run_id for run in children(first.run_id)}
    assert before < after
    assert len(after) == 3 * len(MEMBERS)
    (again,) = tune(history, settings, 3)
    assert again == more
    assert {run.info.run_id for run in children(first.run_id)} == after


def test_under_mlflow_run_the_search_is_below_the_run_that_mlflow_began(
    empty_store, history, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = mlflow.MlflowClient()
    outer = client.create_run(client.create_experiment("elsewhere"))
    monkeypatch.setenv("MLFLOW_RUN_ID", outer.info.run_id)
    (one,) = tune(history, settings, 1)
    run = client.get_run(one.run_id)
    assert run.data.tags["mlflow.parentRunId"] == outer.info.run_id
    assert run.info.experiment_id == outer.info.experiment_id
    monkeypatch.delenv("MLFLOW_RUN_ID")
    assert tune(history, settings, 1) == [one]


def test_the_hold_out_is_never_looked_at(empty_store, history, settings) -> None:
    (seen,) = tune(history, settings)
    kept = history.dataset(LEVEL, settings)
    features, labels = history.features.copy(), history.labels.copy()
    unseen = kept.times[kept.holdout]
    features.loc[unseen] = np.random.default_rng(0).normal(size=(len(unseen), features.shape[1]))
    labels.loc[unseen] = 0
    other = replace(history, features=features, labels=labels)
    mlflow.MlflowClient().delete_run(seen.run_id)
    for run in children(seen.run_id):
        mlflow.MlflowClient().delete_run(run.info.run_id)
    (perturbed,) = tune(other, settings)
    assert perturbed.run_id != seen.run_id
    assert perturbed.members == seen.members


def test_what_tuning_bought_is_measured_on_the_hold_out(empty_store, history, settings) -> None:
    (one,) = tune(history, settings, judged=True)
    assert one.changed
    assert one.gain is not None
    metrics = mlflow.MlflowClient().get_run(one.run_id).data.metrics
    assert metrics["holdout.gain"] == one.gain.estimate
    (only,) = tune(history, settings, 1, judged=True)
    assert (only.changed, only.gain) == (False, None)


def test_a_search_that_fails_leaves_a_failed_run(empty_store, history, settings) -> None:
    members = settings.training.members.model_dump()
    members["lightgbm"]["params"]["learning_rate"] = 0.9
    values = settings.training.model_dump() | {"members": members}
    broken = settings.with_training(type(settings.training).model_validate(values))
    with pytest.raises(SettingsError, match="learning_rate got"):
        tune(history, broken)
    (experiment,) = [e for e in mlflow.MlflowClient().search_experiments() if e.name == "kaidan"]
    (run,) = mlflow.MlflowClient().search_runs([experiment.experiment_id])
    assert run.info.status == "FAILED"


def test_after_kill_9_in_the_middle_of_a_write_no_trial_is_lost_or_counted_twice(
    empty_store: Path, tmp_path: Path, history, settings
) -> None:
    config = write_config(tmp_path / "config", settings)
    command = ["tune", "--level", str(LEVEL), "--trials", str(N_TRIALS), "--days", str(DAYS)]
    command += ["--config", str(config), "--json"]
    environment = os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{empty_store}"}
    # The first write of each is of the run that holds the trials.
    for call, n in (("log_batch", 4), ("set_terminated", 5)):
        done = subprocess.run(
            [sys.executable, "-c", KILLED, call, str(n), *command],
            env=environment,
            check=False,
            capture_output=True,
        )
        assert done.returncode == -signal.SIGKILL
    answer = kaidan(*command)
    assert answer.code == 0, answer.err
    (level,) = answer.json["levels"]
    found = children(level["run_id"])
    assert Counter(run.info.status for run in found) == {
        "FINISHED": N_TRIALS * len(MEMBERS),
        "KILLED": 2,
    }
    dataset, whole = history.dataset(LEVEL, settings), Notebook()
    names = list(input_names(dataset.features.columns, settings.training.inputs))
    tune_members(
        dataset.features[names].to_numpy(dtype=np.float32)[dataset.development],
        dataset.y[dataset.development],
        settings.training,
        N_TRIALS,
        log=whole,
        progress=lambda _: None,
    )
    keys = {
        name: next(r.data.tags["kaidan.study"] for r in found if r.data.tags["member"] == name)
        for name in MEMBERS
    }
    log = TuningLog(mlflow.MlflowClient().get_run(level["run_id"]), keys)
    for name, trials in whole.kept.items():
        assert [asdict(one) for one in log.finished(name)] == [asdict(one) for one in trials]
