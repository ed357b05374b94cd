"""The copy that a bot starts from: held against what is live, renewed, and asked when alone."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import mlflow
import pytest

from kaidan.registry.health.examination import FIX, Checkup, Finding, Health
from kaidan.registry.promotion import promote
from kaidan.registry.store import get_version
from kaidan.serving.cache import INDEX, ModelCache
from kaidan.serving.checkup import CACHE, check, mend
from kaidan.serving.ladder import Ladder
from tests.release import register_twin, using


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def look(store, settings, home) -> Callable[[], dict[int | None, Finding]]:
    """What is said of the cached copies, by level."""
    return lambda: copies(check(settings, home=home))


@pytest.fixture
def cache(store, settings, home) -> ModelCache:
    """Filled with what is live."""
    assert not Ladder.from_registry(settings, home=home).unloaded
    return ModelCache(home)


def copies(found: Checkup) -> dict[int | None, Finding]:
    return {one.level: one for one in found.findings if one.name == CACHE}


def test_without_copies_there_are_warnings_and_the_doctor_makes_them(look, settings, home) -> None:
    before = check(settings, home=home)
    assert before.healthy
    assert {(one.state, one.do) for one in copies(before).values()} == {(Health.warn, FIX)}
    assert mend(before, settings, home=home) == [
        f"level {level}: the cached copy is renewed" for level in (1, 2, 3)
    ]
    after = check(settings, home=home)
    assert all(one.state is Health.ok for one in copies(after).values())
    assert mend(after, settings, home=home) == []


def test_a_copy_of_what_was_live_before_is_a_failure(cache, look, settings, home) -> None:
    promote(get_version(3, register_twin()), settings)
    found = look()
    assert found[2].state is Health.ok
    assert (found[3].state, found[3].do) == (Health.fail, FIX)
    assert found[3].found == "version 1, but 2 is live"
    mend(check(settings, home=home), settings, home=home)
    assert look()[3].found.startswith("version 2, fetched 20")


def test_a_copy_that_was_damaged_is_a_failure_and_is_fetched_again(
    cache, look, settings, home
) -> None:
    graph = cache.bundle(cache.entries()[3].model_sha256) / "graph.onnx"
    graph.write_bytes(graph.read_bytes()[:-1] + b"!")
    assert look()[3].state is Health.fail
    assert "has another sha256 than the manifest" in look()[3].found
    mend(check(settings, home=home), settings, home=home)
    assert look()[3].state is Health.ok


def test_an_index_that_was_damaged_is_a_failure_and_is_written_anew(
    cache, look, settings, home
) -> None:
    (home / "models" / INDEX).write_text("{")
    (found,) = look().values()
    assert (found.state, found.level, found.do) == (Health.fail, None, FIX)
    mend(check(settings, home=home), settings, home=home)
    assert {one.state for one in look().values()} == {Health.ok}


def test_a_copy_of_another_model_under_the_same_number_is_a_failure(cache, look) -> None:
    index = cache.index()
    other = replace(index[3].live, model_sha256=index[2].live.model_sha256)
    cache.write({**index, 3: replace(index[3], live=other)})
    assert look()[3].state is Health.fail
    assert "version 1, but of another model" in look()[3].found


def test_a_copy_where_nothing_is_live_is_a_failure_and_is_forgotten(
    cache, look, settings, home
) -> None:
    for name in ("kaidan_history", "ensemble_level3"):
        mlflow.MlflowClient().delete_registered_model(name)
    assert look()[3].found == "version 1, but nothing is live"
    said = mend(check(settings, home=home), settings, home=home)
    assert said[-1] == "level 3: not cached, nothing live"
    assert 3 not in look()


def test_a_copy_for_another_contract_is_a_matter_for_training(cache, settings, home) -> None:
    levels = settings.levels.model_copy(update={"formula_version": 99})
    other = settings.model_copy(update={"levels": levels})
    found = copies(check(other, home=home))[3]
    assert (found.state, found.do) == (Health.fail, "kaidan train --level 3")
    assert found.found.startswith("version 1 was trained for contract")


def test_when_the_store_is_down_the_copies_are_asked(cache, settings, home, tmp_path) -> None:
    with using(tmp_path / "none.db"):
        found = check(settings, home=home)
        assert mend(found, settings, home=home) == []
    assert not found.healthy
    assert [(one.name, one.level, one.state.value) for one in found.findings] == [
        ("store", None, "fail"),
        *(
            (name, level, "ok")
            for level in (1, 2, 3)
            for name in ("cached copy", "smoke prediction")
        ),
    ]


def test_when_the_store_is_down_a_copy_can_be_made_only_later(settings, home, tmp_path) -> None:
    with using(tmp_path / "none.db"):
        found = copies(check(settings, home=home))[3]
    assert (found.state, found.do) == (Health.warn, f"{FIX}, once the store answers")


def test_a_store_that_cannot_be_written_to_is_checked_and_not_mended(
    cache, store, settings, home
) -> None:
    client = mlflow.MlflowClient()
    register_twin()
    client.set_registered_model_alias("ensemble_level3", "production", "2")
    with using(f"sqlite:///file:{store}?mode=ro&uri=true"):
        found = check(settings, home=home)
        (fault, *_) = [one for one in found.findings if one.name == "alias production" and one.do]
        assert fault.found == "version 2, the history says version 1"
        said = mend(found, settings, home=home)
    assert said[0].startswith("not mended: cannot begin a repair in sqlite")
    assert "\n" not in said[0]
    with sqlite3.connect(store) as database:
        (n,) = database.execute("select count(*) from model_versions").fetchone()
    database.close()
    assert n == 5


def test_a_home_that_cannot_be_written_to_is_one_line_a_level(store, settings, tmp_path) -> None:
    (tmp_path / "file").touch()
    home = tmp_path / "file"
    found = check(settings, home=home)
    said = mend(found, settings, home=home)
    assert [line.split(",")[0] for line in said] == [f"level {n}: not cached" for n in (1, 2, 3)]
