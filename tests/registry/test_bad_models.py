"""Models that must not pass, each refused by the check that is there for it; trained, judged and
registered by a real run."""

import time

import mlflow
import numpy as np
import onnx
import pytest

from kaidan.features import manager
from kaidan.registry.bundle import row_ms
from kaidan.registry.gates import decide
from kaidan.registry.store import fetch_bundle, get_version, live_version, run_metrics
from kaidan.settings import Settings, load_settings
from tests.kit import wanting, write_config
from tests.registry.test_gates import GOOD
from tests.release import DAYS, kaidan
from tests.server import only_sqlite


@pytest.fixture
def trained(store, tmp_path):
    """Trains level 3 with other settings; gives the answer."""

    def train(settings: Settings) -> dict:
        config = write_config(tmp_path / "other", settings)
        done = kaidan("train", "--level", "3", "--days", DAYS, "--config", str(config), "--json")
        assert done.code == 0, done.err
        (answer,) = done.json["levels"]
        return answer

    return train


def blocking(answer: dict) -> list[str]:
    return [check["name"] for check in answer["decision"]["checks"] if check["mark"] == "BLOCK"]


def with_training(settings: Settings, **changes: object) -> Settings:
    values = settings.training.model_dump() | changes
    return settings.with_training(type(settings.training).model_validate(values))


@only_sqlite
def test_a_feature_that_sees_the_next_bar(trained, settings, monkeypatch) -> None:
    honest = manager.technical_features

    def leaking(ohlcv):
        columns = honest(ohlcv)
        return columns | {"rsi_14": np.append(columns["rsi_14"][1:], columns["rsi_14"][-1])}

    monkeypatch.setattr(manager, "technical_features", leaking)
    answer = trained(settings)
    assert not answer["live"]
    assert "feature_leaks" in blocking(answer)
    (check,) = [c for c in answer["decision"]["checks"] if c["name"] == "feature_leaks"]
    assert check["value"] >= 1
    assert live_version(3).number == 1


@only_sqlite
def test_a_member_of_noise_has_no_vote_and_no_node_in_the_graph(
    trained, settings, tmp_path
) -> None:
    values = settings.training.model_dump()["members"]
    values["random_forest"]["params"] = {"n_estimators": 1}  # one tree that knows its rows by heart
    answer = trained(with_training(settings, members=values, calibration="none"))
    version = get_version(3, answer["version"])
    metrics = run_metrics(version)
    assert metrics["weight.random_forest"] == 0
    weights = {k.removeprefix("weight."): v for k, v in metrics.items() if k.startswith("weight.")}
    assert sum(weights.values()) == pytest.approx(1)
    assert metrics["oof.random_forest.log_loss"] > metrics["oof.prior.log_loss"]
    text = mlflow.MlflowClient().get_model_version("ensemble_level3", str(version.number))
    assert "- Member random_forest has no vote: log-loss " in text.description
    graph = onnx.load(fetch_bundle(version, tmp_path) / "graph.onnx").graph
    trees = [node.name for node in graph.node if node.op_type == "TreeEnsemble"]
    assert trees == [f"{name}_trees" for name, weight in weights.items() if weight > 0]


@only_sqlite
def test_a_model_that_always_says_hold(trained, settings) -> None:
    mute = wanting(
        with_training(settings, confidence_threshold=0.999),
        one_class=load_settings().gates.checks.one_class.threshold,
    )
    answer = trained(mute)
    assert blocking(answer) == ["one_class"]


@only_sqlite
def test_a_model_that_is_too_sure_of_itself(trained, settings) -> None:
    values = settings.training.model_dump()["members"]
    for name, member in values.items():
        member["weight"] = float(name == "random_forest")
    values["random_forest"]["params"] = {"n_estimators": 1}
    sure = wanting(
        with_training(settings, members=values, calibration="none"),
        skill_vs_prior=-99.0,
        volatility_margin=-99.0,
        champion=-99.0,
        calibration_error=load_settings().gates.checks.calibration_error.threshold,
    )
    assert blocking(trained(sure)) == ["calibration_error"]


def test_a_slow_one() -> None:
    def slow(_: np.ndarray) -> None:
        time.sleep(0.006)

    measured = row_ms(slow, np.zeros((5, 3), dtype=np.float32))
    assert measured >= 6
    decision = decide(
        GOOD | {"artifact.row_ms": measured}, load_settings().gates, candidate=1, champion=None
    )
    assert [check.name for check in decision.blocking] == ["latency_ms"]
