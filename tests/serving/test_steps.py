"""The ladder's table: each cause, at each level, alone and with all above it; who answers, and why.

Every case is put to a ladder from the registry and to one from the cache, with real models.
"""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from kaidan.registry.store import clear_live, get_version, set_live, set_tags
from kaidan.serving.cache import ModelCache
from kaidan.serving.ladder import Ladder
from kaidan.settings import Settings
from kaidan.signal import Signal
from tests.release import using
from tests.serving.broken import write_broken

FEATURE = {1: "usd_jpy", 2: "strategy_signal_ATRBased", 3: "rsi_14"}
OF_A_ROW = {
    "feature missing": "missing: {}",
    "not finite": "not finite: {}",
    "stale": "stale: {}",
}
OF_A_MODEL = {
    "version missing": "no Production version is registered",
    "hash wrong": "is model ",
    "contract wrong": "version 2 was trained for contract ",
    "session fails": "the session failed: ",
    "not a distribution": "the answer is not a probability distribution",
}
IN_THE_CACHE = {
    "version missing": "no version is cached; start once with the registry",
    "hash wrong": "graph.onnx has another sha256 than the manifest; fetch the model again",
}


@dataclass
class Registry:
    """A registry in which each level has a good version 1 and, on demand, a bad one live."""

    folder: Path
    settings: Settings
    home: Path

    def spoil(self, level: int, cause: str) -> None:
        client, name = mlflow.MlflowClient(), f"ensemble_level{level}"
        if cause == "version missing":
            clear_live(level, stages=True)
        elif cause == "hash wrong":
            set_tags(get_version(level, 1), {"model_sha256": "0" * 64})
        else:
            source = self.folder / f"{cause} {level}"
            entry = write_broken(source / "artifacts" / "bundle", cause, level, self.settings)
            tags = {"model_sha256": entry.model_sha256, "contract_sha256": entry.contract_sha256}
            client.create_model_version(name, str(source), tags=tags)
            set_live(get_version(level, 2), 1, stages=True)

    def ladder(self) -> Ladder:
        return Ladder.from_registry(self.settings, home=self.home)

    @staticmethod
    def text(cause: str) -> str:
        return OF_A_MODEL[cause]


@dataclass
class Cache:
    """The same, in a cache."""

    folder: Path
    settings: Settings
    home: Path

    def spoil(self, level: int, cause: str) -> None:
        cache = ModelCache(self.home)
        index = cache.index()
        if cause == "version missing":
            del index[level]
        elif cause == "hash wrong":
            graph = cache.bundle(index[level].live.model_sha256) / "graph.onnx"
            graph.write_bytes(graph.read_bytes()[:-1] + b"!")
        else:
            source = self.folder / f"{cause} {level}"
            entry = write_broken(source, cause, level, self.settings)
            cache.put(source, entry)
            index[level] = replace(index[level], live=entry)
        cache.write(index)

    def ladder(self) -> Ladder:
        return Ladder.from_cache(self.settings, home=self.home)

    @staticmethod
    def text(cause: str) -> str:
        return IN_THE_CACHE.get(cause, OF_A_MODEL[cause])


@pytest.fixture(params=[Registry, Cache])
def source(request, release, filled, settings, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(filled, home)
    database = tmp_path / "store.db"
    shutil.copy(release.database, database)
    with using(database):
        yield request.param(tmp_path, settings, home)


def check(answer, answering: int | None, out: tuple[int, ...], text: str) -> None:
    assert answer.level == answering
    assert tuple(attempt.level for attempt in answer.attempts) == out
    for attempt in answer.attempts:
        assert text in attempt.reason
        assert "\n" not in attempt.reason
    if answering is None:
        assert (answer.signal, answer.confidence) == (Signal.HOLD, 0.0)
    else:
        assert sum(answer.probabilities) == pytest.approx(1)
        assert answer.confidence == max(answer.probabilities)


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("cause", OF_A_ROW)
def test_a_bad_feature_puts_its_level_and_all_above_out(
    ladder: Ladder, features: pd.DataFrame, cause: str, level: int
) -> None:
    row, stale = features.iloc[-1].copy(), ()
    name = FEATURE[level]
    if cause == "feature missing":
        row = row.drop(name)
    elif cause == "not finite":
        row[name] = np.inf
    else:
        stale = (name,)
    answer = ladder.predict(row, stale=stale)
    out = tuple(range(1, level + 1))
    check(answer, level + 1 if level < 3 else None, out, OF_A_ROW[cause].format(name))


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("cause", OF_A_MODEL)
def test_a_bad_model_puts_its_level_out_and_no_other(
    source, features: pd.DataFrame, cause: str, level: int
) -> None:
    source.spoil(level, cause)
    answer = source.ladder().predict(features.iloc[-1])
    if level == 1:
        check(answer, 2, (1,), source.text(cause))
    else:
        check(answer, 1, (), "")


@pytest.mark.parametrize("level", [2, 3])
@pytest.mark.parametrize("cause", OF_A_MODEL)
def test_bad_models_from_level_1_down_leave_the_first_good_one(
    source, features: pd.DataFrame, cause: str, level: int
) -> None:
    out = tuple(range(1, level + 1))
    for each in out:
        source.spoil(each, cause)
    answer = source.ladder().predict(features.iloc[-1])
    check(answer, level + 1 if level < 3 else None, out, source.text(cause))


def test_each_level_can_be_out_for_a_reason_of_its_own(source, features: pd.DataFrame) -> None:
    source.spoil(1, "contract wrong")
    source.spoil(2, "session fails")
    answer = source.ladder().predict(features.iloc[-1].drop("rsi_14"))
    assert answer.level is None
    reasons = [attempt.reason for attempt in answer.attempts]
    assert OF_A_MODEL["contract wrong"] in reasons[0]
    assert OF_A_MODEL["session fails"] in reasons[1]
    assert reasons[2] == "missing: rsi_14"


def test_a_model_of_another_level_is_not_used(cache: ModelCache, settings, features, tmp_path):
    index = cache.index()
    cache.write({**index, 1: replace(index[1], live=replace(index[3].live, version=7))})
    answer = Ladder.from_cache(settings, home=tmp_path).predict(features.iloc[-1])
    assert answer.level == 2
    assert answer.attempts[0].reason == "version 7 is a model of level 3"
