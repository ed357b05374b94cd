"""A ladder that keeps up: what is new answers once it has proved itself, or what is old stays."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kaidan.errors import UsageError
from kaidan.registry.store import clear_live, get_version, set_live
from kaidan.serving.cache import INDEX
from kaidan.serving.ladder import Ladder
from kaidan.serving.loading import NOTHING_LIVE
from kaidan.settings import Settings, load_settings
from tests.release import register_twin, using
from tests.serving.broken import write_broken
from tests.serving.constant import AT, ROW, Constants, p_buy

SETTINGS = load_settings()


@pytest.fixture
def constants(tmp_path: Path) -> Constants:
    """Version 1 of each level is live."""
    found = Constants(tmp_path, SETTINGS)
    found.name({1: 1, 2: 1, 3: 1})
    return found


@pytest.fixture
def ladder(constants: Constants) -> Ladder:
    return Ladder.from_cache(SETTINGS, home=constants.home)


def who(ladder: Ladder) -> dict[int, int | None]:
    """Versions by level, each proved by what it answers."""
    found = {}
    for level in ladder.loaded:
        step = ladder.steps.live[level]
        assert step.ask(ROW, ()).probabilities.buy == pytest.approx(p_buy(level, step.version))
        found[level] = step.version
    return found


def test_what_is_new_answers_after_the_refresh_and_not_before(constants, ladder) -> None:
    constants.name({1: 2, 2: 1, 3: 5})
    assert who(ladder) == {1: 1, 2: 1, 3: 1}
    done = ladder.refresh()
    assert (done.swapped, done.failed, done.confirmed_at) == ({1: (1, 2), 3: (1, 5)}, {}, AT)
    assert who(ladder) == {1: 2, 2: 1, 3: 5}
    assert ladder.predict(ROW).probabilities.buy == pytest.approx(p_buy(1, 2))
    assert (
        str(done) == "level 1: version 2 instead of version 1\nlevel 3: version 5 instead of "
        "version 1"
    )
    assert done.to_dict()["swapped"][0] == {"level": 1, "before": 1, "after": 2}


def test_when_nothing_is_new_nothing_is_opened(constants, ladder) -> None:
    before = ladder.loaded
    done = ladder.refresh()
    assert (done.swapped, str(done)) == ({}, "nothing new")
    assert all(ladder.loaded[level] is before[level] for level in before)


def test_the_same_model_under_another_number_is_not_opened_again(constants, ladder) -> None:
    before = ladder.loaded[3]
    twin = replace(constants.entry(3, 1), version=9)
    constants.name({1: 1, 2: 1, 3: twin})
    assert ladder.refresh().swapped == {3: (1, 9)}
    assert ladder.loaded[3] is before
    assert ladder.steps.live[3].version == 9


def test_a_level_that_was_taken_out_of_production_goes_out(constants, ladder) -> None:
    constants.name({1: None, 2: 1, 3: 1})
    done = ladder.refresh()
    assert (done.swapped, done.failed) == ({1: (1, None)}, {})
    assert str(done) == "level 1: nothing instead of version 1"
    answer = ladder.predict(ROW)
    assert (answer.level, answer.attempts[0].reason) == (2, NOTHING_LIVE)
    constants.name({1: 1, 2: 1, 3: 1})
    assert ladder.refresh().swapped == {1: (None, 1)}


def flip(constants: Constants) -> None:
    graph = constants.cache.bundle(constants.entry(2, 2).model_sha256) / "graph.onnx"
    graph.write_bytes(graph.read_bytes()[:-1] + b"!")


def lose(constants: Constants) -> None:
    (constants.cache.bundle(constants.entry(2, 2).model_sha256) / "contract.json").unlink()


def break_it(kind: str) -> Callable[[Constants], None]:
    def spoil(constants: Constants) -> None:
        source = constants.home / "broken"
        entry = write_broken(source, kind, 2, SETTINGS)
        constants.cache.put(source, entry)
        constants.name({1: 1, 2: entry, 3: 3})

    return spoil


HARMS = {
    "a byte is flipped": (flip, "has another sha256 than the manifest"),
    "a file is missing": (lose, "misses: contract.json"),
    "its contract is another": (break_it("contract wrong"), "version 2 was trained for contract"),
    "its session fails": (break_it("session fails"), "the session failed"),
    "it answers no distribution": (break_it("not a distribution"), "not a probability"),
}


@pytest.mark.parametrize(("harm", "said"), HARMS.values(), ids=HARMS)
def test_a_version_that_is_not_fit_leaves_the_old_one_and_says_why(
    constants, ladder, harm, said
) -> None:
    constants.name({1: 1, 2: 2, 3: 3})
    harm(constants)
    done = ladder.refresh()
    assert done.swapped == {3: (1, 3)}
    assert list(done.failed) == [2]
    assert said in done.failed[2]
    assert "\n" not in done.failed[2]
    assert str(done).endswith(f"level 2: not renewed, {done.failed[2]}")
    assert who(ladder) == {1: 1, 2: 1, 3: 3}


@pytest.mark.parametrize(("harm", "said"), HARMS.values(), ids=HARMS)
def test_at_a_start_such_a_version_is_out_until_it_is_fit(constants, harm, said) -> None:
    constants.name({1: 1, 2: 2, 3: 3})
    harm(constants)
    ladder = Ladder.from_cache(SETTINGS, home=constants.home)
    assert said in ladder.unloaded[2]
    assert who(ladder) == {1: 1, 3: 3}
    constants.name({1: 1, 2: 4, 3: 3})
    assert ladder.refresh().swapped == {2: (None, 4)}


def test_half_an_index_leaves_everything_as_it_was(constants, ladder) -> None:
    constants.name({1: 2, 2: 2, 3: 2}, shadow={1: 1})
    ladder.refresh()
    index = constants.home / "models" / INDEX
    index.write_bytes(index.read_bytes()[: index.stat().st_size // 2])
    before = ladder.steps
    done = ladder.refresh()
    assert sorted(done.failed) == [1, 2, 3]
    assert "cannot be read" in done.failed[1]
    assert ladder.steps == before
    assert (done.swapped, done.confirmed_at) == ({}, AT)


def test_an_index_that_was_deleted_leaves_everything_as_it_was(constants, ladder) -> None:
    (constants.home / "models" / INDEX).unlink()
    done = ladder.refresh()
    assert (done.swapped, sorted(done.failed), done.confirmed_at) == ({}, [1, 2, 3], None)
    assert who(ladder) == {1: 1, 2: 1, 3: 1}


def test_a_copy_that_is_damaged_while_it_answers_goes_on_answering(constants, ladder) -> None:
    bundle = constants.cache.bundle(constants.entry(1, 1).model_sha256)
    (bundle / "graph.onnx").unlink()
    assert ladder.refresh().failed == {}
    assert who(ladder)[1] == 1


def test_a_shadow_that_cannot_be_opened_is_said_and_disturbs_nobody(constants, ladder) -> None:
    constants.name({1: 2, 2: 1, 3: 1}, shadow={1: 1, 2: 2})
    flip(constants)
    done = ladder.refresh()
    assert (done.swapped, done.failed, list(done.shadow_failed)) == ({1: (1, 2)}, {}, [2])
    assert "level 2: no shadow, " in str(done)
    assert done.to_dict()["shadow_failed"][0]["level"] == 2
    assert ladder.steps.shadow[1].version == 1


def test_a_ladder_of_runtimes_has_nowhere_to_refresh_from(ladder) -> None:
    with pytest.raises(UsageError, match="cannot be refreshed"):
        Ladder(ladder.loaded).refresh()


def test_what_a_ladder_is_made_of_cannot_be_changed(ladder) -> None:
    with pytest.raises(TypeError):
        ladder.steps.live[1] = "gone"


def test_no_call_mixes_two_states_and_none_fails_while_versions_are_swapped(constants) -> None:
    """All levels change together: level 1 is out by its inputs, so attempts and answer show it."""
    constants.name({1: None, 2: 1, 3: 1})
    ladder = Ladder.from_cache(SETTINGS, home=constants.home)
    over = threading.Event()
    seen: set[tuple[str, float]] = set()
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            while not over.is_set():
                answer = ladder.predict(ROW)
                (attempt,) = answer.attempts or (None,)
                seen.add((attempt.reason if attempt else "", round(answer.probabilities.buy, 3)))
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for version in range(2, 32):
        constants.name({1: version if version % 2 else None, 2: version, 3: version})
        assert ladder.refresh().failed == {}
    over.set()
    for thread in threads:
        thread.join()
    assert failures == []
    lower = {(NOTHING_LIVE, round(p_buy(2, version), 3)) for version in (1, *range(2, 32, 2))}
    upper = {("", round(p_buy(1, version), 3)) for version in range(3, 32, 2)}
    assert seen <= lower | upper
    assert len(seen) > 5


def test_a_ladder_from_the_registry_asks_it_again(store, settings: Settings, tmp_path) -> None:
    ladder = Ladder.from_registry(settings, home=tmp_path)
    version = register_twin()
    set_live(get_version(3, version), 1, stages=True)
    clear_live(2, stages=True)
    done = ladder.refresh()
    assert done.swapped == {2: (1, None), 3: (1, 2)}
    assert done.confirmed_at is not None


def test_a_registry_that_does_not_answer_changes_nothing(store, settings, tmp_path) -> None:
    ladder = Ladder.from_registry(settings, home=tmp_path)
    before = ladder.steps
    (tmp_path / "file").touch()
    with using(tmp_path / "file" / "store.db"):
        done = ladder.refresh()
    assert (done.swapped, sorted(done.failed)) == ({}, [1, 2, 3])
    assert "is MLFLOW_TRACKING_URI right" in done.failed[1]
    assert ladder.steps == before
    assert ladder.refresh().failed == {}


def test_a_registry_that_was_down_at_the_start_is_asked_again(store, settings, tmp_path) -> None:
    (tmp_path / "file").touch()
    with using(tmp_path / "file" / "store.db"):
        ladder = Ladder.from_registry(settings, home=tmp_path)
    assert ladder.loaded == {}
    assert ladder.refresh().swapped == {1: (None, 1), 2: (None, 1), 3: (None, 1)}


def test_a_bot_that_starts_from_its_cache_imports_neither_pandas_nor_mlflow(constants) -> None:
    code = (
        "import sys\n"
        "from kaidan.serving.ladder import Ladder\n"
        "from kaidan.serving.live_ladder import LiveLadder\n"
        "live = LiveLadder(Ladder.from_cache(), climb_after_bars=4)\n"
        f"answer = live.predict(dict.fromkeys({list(ROW)}, 0.5))\n"
        "assert answer.version == 1, answer\n"
        "live.refresh()\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"KAIDAN_HOME": str(constants.home)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    heavy = {"pandas", "pyarrow", "talib", "mlflow", "lightgbm", "xgboost", "sklearn", "scipy"}
    assert heavy & set(done.stdout.split()) == set()
