"""What `kaidan tune` answers; what it leaves in MLflow is told in tests/registry."""

from pathlib import Path

import mlflow
import pytest

from kaidan.commands.tune import _verdict
from kaidan.evaluation.bootstrap import Interval
from kaidan.learning.tuned import Tuned
from kaidan.registry.tuning_run import TunedLevel
from tests.kit import write_config
from tests.release import kaidan
from tests.tuning_kit import empty_store, tuning_settings

__all__ = ["empty_store"]


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    config = write_config(tmp_path / "config", tuning_settings())
    return ["--level", "3", "--trials", "2", "--days", "10", "--config", str(config)]


def test_a_person_is_shown_losses_changes_worth_and_the_next_command(empty_store, options) -> None:
    done = kaidan("tune", *options, "--seed", "8")
    assert done.code == 0, done.err
    assert "level 3, log-loss on the purged folds" in done.out
    for words in ("lightgbm", "random forest", "configured", "best", "pruned", "changed"):
        assert words in done.out
    assert "hold-out bars" in done.out or "nothing better than the configured" in done.out
    assert "no version was registered" in done.out
    config = options[-1]
    wanted = f"kaidan train --level 3 --trials 2 --data sample --days 10 --seed 8 --config {config}"
    assert wanted in done.out.replace("\n", "")
    assert "…" not in done.out
    assert mlflow.MlflowClient().search_registered_models() == []


def test_json_is_one_object_that_says_all_of_it(empty_store, options) -> None:
    done = kaidan("tune", *options, "--json")
    assert done.code == 0, done.err
    (level,) = done.json["levels"]
    assert level["level"] == 3
    assert set(level["members"]) == {"lightgbm", "xgboost", "random_forest"}
    for member in level["members"].values():
        assert sum(member["trials"].values()) == 2
        assert member["log_loss"] <= member["configured_log_loss"]
        assert set(member["changed"]) <= set(member["params"])
    assert level["verdict"]
    assert done.json["next"].startswith("kaidan train --level 3 --trials 2 ")


def test_when_time_runs_out_the_answer_says_so(empty_store, options) -> None:
    done = kaidan("tune", *options, "--timeout-minutes", "1e-9")
    assert done.code == 0, done.err
    assert "time ran out: the next command tries the other trials first" in done.out
    assert "Tuning found nothing better than the configured parameters." in done.out


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        (Interval(0.01, 0.001, 0.02), "tuning helped."),
        (Interval(0.01, -0.001, 0.02), "nothing that this hold-out can tell from luck."),
        (Interval(-0.01, -0.02, -0.001), "tuning did harm: keep the configured parameters."),
        (None, "Tuning found nothing better than the configured parameters."),
    ],
)
def test_the_verdict_is_a_plain_sentence(interval: Interval | None, said: str) -> None:
    tuned = Tuned({"a": 1}, {"a": 2}, 1.0, 0.9, 1, 0)
    verdict = _verdict(TunedLevel(3, "run", {"lightgbm": tuned}, interval, 1000))
    assert verdict.endswith(said)
    assert interval is None or str(interval) in verdict


def test_a_few_days_cannot_tell_tuning_from_luck() -> None:
    tuned = Tuned({"a": 1}, {"a": 2}, 1.0, 0.9, 1, 0)
    one = TunedLevel(3, "run", {"lightgbm": tuned}, Interval(0.01, 0.01, 0.01), 95)
    assert "too few bars to tell anything from luck" in _verdict(one)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("tune --level 3 --trials 0", "--trials got 0, wanted 1 or more"),
        ("tune --level 3 --trials -1", "--trials got -1, wanted 1 or more"),
        ("tune --level 3", "--trials"),
        ("tune --level 3 --trials 5 --timeout-minutes 0", "--timeout-minutes got 0, wanted more"),
        ("tune --level 3 --trials 5 --timeout-minutes nan", "--timeout-minutes got nan"),
        ("tune --level 9 --trials 5", "--level got '9', wanted 1, 2, 3 or all"),
        ("train --level 3 --trials -1", "--trials got -1, wanted 0 or more"),
        ("train --level 3 --trials 5 --untuned", "--untuned got --trials too"),
    ],
)
def test_wrong_use_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KAIDAN_HOME", str(tmp_path / "home"))
    done = kaidan(*arguments.split())
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_training_with_trials_goes_on_with_the_search_and_trains_its_best(
    empty_store, options
) -> None:
    tuned = kaidan("tune", *options, "--json").json["levels"][0]
    done = kaidan("train", *options, "--promote", "never", "--json")
    assert done.code == 0, done.err
    client = mlflow.MlflowClient()
    children = client.search_runs(
        [e.experiment_id for e in client.search_experiments()],
        f"tags.`mlflow.parentRunId` = '{tuned['run_id']}'",
    )
    assert len(children) == 2 * 3
    (trained,) = done.json["levels"]
    params = client.get_run(trained["run_id"]).data.params
    for name, member in tuned["members"].items():
        for param, value in member["params"].items():
            assert params[f"members.{name}.params.{param}"] == str(value)
