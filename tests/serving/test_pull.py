"""What is live, brought into the cache from a real registry, and what happens when it cannot be."""

import json
import shutil
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import mlflow
import pytest

from kaidan.registry.store import Version, clear_live, get_version, set_live, set_tags
from kaidan.serving.cache import INDEX, ModelCache
from kaidan.serving.ladder import Ladder
from kaidan.serving.live_ladder import LiveLadder
from kaidan.serving.pull import Pull, pull
from tests.packages import register_like
from tests.release import register_twin, using


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def cache(home: Path) -> ModelCache:
    return ModelCache(home)


@pytest.fixture
def other(store, tmp_path: Path) -> Version:
    """A version of level 3 that is another model, not live."""
    return register_like(3, tmp_path / "other" / "bundle", mark="other")


@pytest.fixture
def down(tmp_path: Path) -> Iterator[None]:
    """A registry that cannot be reached."""
    (tmp_path / "file").touch()
    with using(tmp_path / "file" / "store.db"):
        yield


def said(done: Pull) -> dict[int, str]:
    return {level: str(one) for level, one in done.live.items()}


def test_what_is_live_is_fetched_once(store, settings, home, cache) -> None:
    assert said(pull(settings, home)) == dict.fromkeys((1, 2, 3), "version 1, fetched")
    first = cache.index()
    again = pull(settings, home)
    assert said(again) == dict.fromkeys((1, 2, 3), "version 1, unchanged")
    assert again.failed == {}
    second = cache.index()
    assert {level: one.live for level, one in second.items()} == {
        level: one.live for level, one in first.items()
    }
    assert json.loads(json.dumps(again.to_dict())) == again.to_dict()
    assert again.to_dict()["levels"][0] == {
        "level": 1,
        "live": {"what": "unchanged", "version": 1, "why": None},
        "shadow": None,
    }


def test_the_index_says_since_when_a_version_is_here_and_how_old_it_is(
    store, settings, home, cache
) -> None:
    pull(settings, home)
    index = cache.index()
    old = {
        level: replace(
            one,
            confirmed_at="2026-01-01T00:00:00+00:00",
            live=replace(one.live, fetched_at="2026-01-01T00:00:00+00:00"),
        )
        for level, one in index.items()
    }
    cache.write(old)
    at = pull(settings, home).at
    assert {one.confirmed_at for one in cache.index().values()} == {at}
    live = cache.index()[3].live
    assert live.fetched_at == "2026-01-01T00:00:00+00:00"
    created_ms = get_version(3, 1).created_ms
    assert live.created_at == index[3].live.created_at
    assert live.created_at.startswith(
        time.strftime("%Y-%m-%dT%H:%M", time.gmtime(created_ms / 1e3))
    )
    assert Ladder.from_cache(settings, home=home).steps.confirmed_at == at


def test_a_promotion_and_a_rollback_are_followed(store, settings, home, cache, other) -> None:
    pull(settings, home)
    set_live(other, 1, stages=True)
    done = pull(settings, home)
    assert said(done)[3] == f"version {other.number}, fetched"
    assert str(done.shadow[3]) == "version 1, found in the cache"
    at = cache.index()[3]
    assert (at.live.version, at.shadow.version, at.before.version) == (other.number, 1, 1)

    set_live(get_version(3, 1), None, stages=True)
    done = pull(settings, home)
    assert said(done)[3] == "version 1, found in the cache"
    assert done.shadow == {}
    at = cache.index()[3]
    assert (at.live.version, at.shadow, at.before.version) == (1, None, other.number)


def test_what_is_taken_out_of_production_is_known_to_be(store, settings, home, cache) -> None:
    pull(settings, home)
    clear_live(3, stages=True)
    done = pull(settings, home)
    assert (said(done)[3], done.failed) == ("nothing live", {})
    at = cache.index()[3]
    assert (at.live, at.before.version, at.confirmed_at) == (None, 1, done.at)


@pytest.mark.parametrize(
    ("shadow", "version"), [("previous", 1), ("challenger", 3), ("none", None)]
)
def test_the_shadow_is_the_version_with_the_alias_of_the_settings(
    store, settings, home, cache, other, shadow, version
) -> None:
    challenger = register_twin()
    mlflow.MlflowClient().set_registered_model_alias(other.name, "challenger", str(challenger))
    set_live(other, 1, stages=True)
    ladder = settings.bot.ladder.model_copy(update={"shadow": shadow})
    chosen = settings.model_copy(update={"bot": settings.bot.model_copy(update={"ladder": ladder})})
    pull(chosen, home)
    marked = cache.index()[3].shadow
    assert (marked and marked.version) == version


def test_a_challenger_that_is_live_is_no_shadow(store, settings, home, cache) -> None:
    client = mlflow.MlflowClient()
    client.set_registered_model_alias("ensemble_level3", "previous", "1")
    assert pull(settings, home).shadow == {}
    assert cache.index()[3].shadow is None


def test_the_shadow_answers_beside_the_live_version(store, settings, home, other, features) -> None:
    set_live(other, 1, stages=True)
    pull(settings, home)
    ladder = Ladder.from_cache(settings.with_ladder((3,)), home=home)
    answer = LiveLadder(ladder, climb_after_bars=1).predict(features.iloc[-1])
    assert answer.version == other.number
    (shadow,) = answer.shadow
    assert shadow.version == 1
    # The same trees under another name.
    assert shadow.said.probabilities == answer.prediction.probabilities


def test_a_shadow_that_cannot_be_fetched_fails_nothing_else(
    store, settings, home, cache, other
) -> None:
    set_tags(get_version(3, 1), {"model_sha256": "0" * 64})
    set_live(other, 1, stages=True)
    done = pull(settings, home)
    assert (done.failed, str(done.shadow[3]).split(":")[0]) == ({}, "version 1, failed")
    assert (cache.index()[3].live.version, cache.index()[3].shadow) == (other.number, None)


def test_a_version_that_cannot_be_fetched_leaves_the_one_before(
    store, settings, home, cache, other
) -> None:
    pull(settings, home)
    before = cache.index()[3]
    set_tags(other, {"model_sha256": "0" * 64})
    set_live(other, None, stages=True)
    done = pull(settings, home)
    assert list(done.failed) == [3]
    assert "wanted 000000000000" in done.failed[3]
    assert cache.index()[3] == before


def test_a_version_of_somebody_else_is_said_to_be(store, settings, home) -> None:
    version = mlflow.MlflowClient().create_model_version("ensemble_level2", "nowhere")
    set_live(get_version(2, int(version.version)), 1, stages=True)
    assert "kaidan did not register it" in pull(settings, home).failed[2]


def test_a_registry_that_is_down_changes_nothing_and_is_asked_once(
    store, settings, home, cache, down
) -> None:
    done = pull(settings, home)
    assert len(set(done.failed.values())) == 1
    assert sorted(done.failed) == [1, 2, 3]
    assert done.to_dict()["levels"][0]["live"]["what"] == "failed"
    assert not home.exists()


def test_a_registry_that_never_answers_is_given_up(
    settings, home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        began = time.monotonic()
        with using(f"http://127.0.0.1:{deaf.getsockname()[1]}"):
            done = pull(settings, home)
    assert time.monotonic() - began < 2.9
    assert sorted(done.failed) == [1, 2, 3]
    assert "\n" not in done.failed[1]


def test_a_damaged_copy_is_fetched_again(store, settings, home, cache) -> None:
    pull(settings, home)
    graph = cache.bundle(cache.entries()[3].model_sha256) / "graph.onnx"
    graph.write_bytes(graph.read_bytes()[:-1] + b"!")
    assert said(pull(settings, home))[3] == "version 1, fetched"
    assert said(pull(settings, home))[3] == "version 1, unchanged"


def test_half_an_index_is_written_anew(store, settings, home, cache) -> None:
    pull(settings, home)
    index = home / "models" / INDEX
    index.write_bytes(index.read_bytes()[:40])
    assert said(pull(settings, home)) == dict.fromkeys((1, 2, 3), "version 1, found in the cache")
    assert sorted(cache.entries()) == [1, 2, 3]


def test_a_disk_that_is_full_is_one_line_and_leaves_the_cache_as_it_was(
    store, settings, home, cache, other, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull(settings, home)
    before = cache.index()
    set_live(other, 1, stages=True)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copytree", full)
    done = pull(settings, home)
    assert list(done.failed) == [3]
    assert done.failed[3].startswith("the model cache cannot be written (No space left on device")
    monkeypatch.undo()
    assert cache.index()[3] == before[3]
    assert not [path for path in (home / "models").iterdir() if path.name.startswith(".staged")]


def test_an_index_that_cannot_be_written_is_a_failure(
    store, settings, home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ModelCache, "write", full)
    assert sorted(pull(settings, home).failed) == [1, 2, 3]


def test_several_at_once_leave_a_whole_cache(store, settings, home, cache) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = [one.result() for one in [pool.submit(pull, settings, home) for _ in range(4)]]
    assert [one.failed for one in done] == [{}] * 4
    assert not Ladder.from_cache(settings, home=home).unloaded
    assert len(list((home / "models").iterdir())) == 3 + 1


def test_a_registry_that_has_forgotten_everything_is_not_believed(
    store, settings, home, cache, tmp_path
) -> None:
    pull(settings, home)
    ladder, before = Ladder.from_cache(settings, home=home), cache.index()
    (tmp_path / "unmounted").mkdir()
    with using(tmp_path / "unmounted" / "store.db"):
        failed = pull(settings, home).failed
        assert Ladder.from_registry(settings, home=home).loaded == {}
    assert set(failed) == {1, 2, 3}
    assert failed[1] == (
        "the registry knows no version of ensemble_level1, of which version 1 was live: is this "
        "the right store? if it is, delete the model cache"
    )
    assert cache.index() == before
    assert not ladder.refresh().swapped
    assert set(ladder.loaded) == {1, 2, 3}
