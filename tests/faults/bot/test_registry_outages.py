"""A registry that is down, and a cache that is damaged: the bot answers with what it has."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from kaidan.serving.cache import INDEX, ModelCache
from tests.faults.bot.registry import Registry, filled, home, noted, registry, settings
from tests.faults.bot.stage import health

__all__ = ["filled", "home", "registry", "settings"]


def test_a_registry_that_is_down_at_the_start_and_again_later_costs_no_answer(
    stage, registry: Registry, home: Path, free_port: int
) -> None:
    stage.pace = timedelta(seconds=0.5)
    reports = []

    def script():
        registry.down()
        yield noted(stage, "registry: models")
        yield stage.bars(2)
        reports.append(health(free_port))
        registry.up()
        yield noted(stage, "registry is well again")
        yield stage.bars(1)
        reports.append(health(free_port))

    stage.play(script(), cached=False, serves=True)
    assert set(stage.levels) == {2}
    assert {entry.version for entry in stage.decided} == {1}
    (begun,) = stage.notes("begin")
    index = json.loads((home / "models" / INDEX).read_text())
    assert "the registry's word of 20" in begun
    assert index["2"]["live"]["version"] == 1
    (code, during), (_, after) = reports
    assert (code, during["ready"]) == (200, True)
    assert "no answer within 8 s; killed" in during["troubles"]["registry"]
    assert during["registry_age_seconds"] is not None
    assert after["troubles"] == {}
    assert stage.notes("swap") == []


def test_without_cache_and_registry_the_dummy_holds_until_the_registry_answers(
    stage, registry: Registry, home: Path
) -> None:
    stage.pace = timedelta(seconds=0.5)
    shutil.rmtree(home / "models")
    registry.down()

    def script():
        yield stage.bars(3)
        registry.up()
        yield noted(stage, "level 3: version 1 instead of none")
        yield stage.bars(6)

    stage.play(script(), cached=False)
    held = [entry for entry in stage.decided if entry.prediction.level is None]
    assert len(held) >= 3
    for entry in held:
        said = entry.prediction
        assert (said.signal.name, said.confidence, entry.version) == ("HOLD", 0.0, None)
        assert [one.level for one in said.attempts] == [1, 2, 3]
    for attempt in held[0].prediction.attempts:
        assert attempt.reason == "no version is cached; start once with the registry"
    assert stage.levels[-1] == 2
    assert "no word of the registry yet" in stage.notes("begin")[0]
    assert stage.notes("trouble")[0].startswith("registry: models")


def flip_a_byte(cache: ModelCache, level: int) -> None:
    graph = cache.bundle(cache.entries()[level].model_sha256) / "graph.onnx"
    data = bytearray(graph.read_bytes())
    data[len(data) // 2] ^= 1
    graph.write_bytes(data)


def test_a_rotten_model_leaves_its_level_out_and_the_others_answer(stage, home: Path) -> None:
    flip_a_byte(ModelCache(home), 2)

    def script():
        yield stage.bars(3)

    stage.play(script())
    assert stage.levels == [3] * 3
    for entry in stage.decided:
        (reason,) = (one.reason for one in entry.prediction.attempts if one.level == 2)
        assert "graph.onnx" in reason


def test_half_an_index_is_the_dummys_hold_with_the_reason(stage, home: Path) -> None:
    index = home / "models" / INDEX
    index.write_bytes(index.read_bytes()[:200])

    def script():
        yield stage.bars(2)

    stage.play(script())
    assert stage.levels == [None] * 2
    for entry in stage.decided:
        assert all("index" in one.reason for one in entry.prediction.attempts)
        assert len(entry.prediction.attempts) == 3


@pytest.mark.parametrize("damage", ["model", "index"])
def test_what_is_damaged_in_the_cache_is_fetched_again(
    stage, registry: Registry, home: Path, damage: str
) -> None:
    stage.pace = timedelta(seconds=0.5)
    if damage == "model":
        flip_a_byte(ModelCache(home), 2)
    else:
        index = home / "models" / INDEX
        index.write_bytes(index.read_bytes()[:200])

    def script():
        yield noted(stage, "level 2: version 1 instead of none")
        yield lambda: stage.levels[-1:] == [2]

    stage.play(script(), cached=False)
    ModelCache(home).open(ModelCache(home).entries()[2])
