"""The judge on whole runs of 180 days: what is there is found, what is not is refused."""

from pathlib import Path

import mlflow
import pytest

from kaidan.market.sample_walk import walk_bars
from kaidan.registry.store import get_version, live_version
from tests.release import kaidan, using


@pytest.fixture
def empty_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KAIDAN_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    with using(tmp_path / "store.db"):
        yield tmp_path


def marks(answer: dict) -> dict[str, str]:
    return {check["name"]: check["mark"] for check in answer["decision"]["checks"]}


def test_direction_that_is_there_is_found_under_the_strict_gates(empty_store: Path) -> None:
    done = kaidan("train", "--level", "3", "--profile", "strict", "--json")
    assert done.code == 0, done.err
    (answer,) = done.json["levels"]
    assert answer["live"]
    assert answer["decision"]["profile"] == "strict"
    assert answer["decision"]["notes"][0].startswith("Direction was found: AUC 0.6")
    assert live_version(3).tag("direction") == "found"
    assert "BLOCK" not in marks(answer).values()


def test_a_walk_whose_volatility_can_be_foreseen_has_no_direction(empty_store: Path) -> None:
    walk_bars(212, seed=11, clustered=True).reset_index().to_parquet("walk.parquet")
    done = kaidan(
        "train", "--level", "3", "--data", "walk.parquet", "--profile", "strict", "--json"
    )
    assert done.code == 0, done.err
    (answer,) = done.json["levels"]
    assert not answer["live"]
    assert marks(answer)["direction"] == "BLOCK"
    assert answer["decision"]["notes"][0].startswith("Direction was not found")
    assert live_version(3) is None
    version = get_version(3, 1)
    assert version.tag("verdict") == "refused"
    assert "direction" in version.tag("refused_by")
    text = mlflow.MlflowClient().get_model_version("ensemble_level3", "1").description
    assert text.startswith("Refused: ")
    refused = kaidan("promote", "--level", "3", "--version", "1", "--profile", "strict")
    assert refused.code == 3
    assert refused.err.count("\n") == 1
