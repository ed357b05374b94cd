"""The ladder follows the registry, and neither waits for it nor falls with it."""

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kaidan.bot import keeper as module
from kaidan.bot.health.metrics import Metrics
from kaidan.bot.health.pulse import Pulse
from kaidan.bot.herald import Herald
from kaidan.bot.keeper import Keeper, Kept
from kaidan.registry.store import get_version, set_live
from kaidan.serving.ladder import Ladder
from kaidan.serving.live_ladder import LiveLadder
from kaidan.settings import Settings
from tests.bot.kit import SETTINGS, Heard, constant_ladder, journal_in
from tests.release import register_twin
from tests.serving.constant import Constants

# To start a process takes some milliseconds; to wait for it would take seconds.
MAX_POLL_SECONDS = 0.4
NEVER = threading.Event()


def hurried(settings: Settings, **changes: float) -> Settings:
    """It looks again as soon as the last look is over."""
    ladder = settings.bot.ladder.model_copy(update={"refresh_seconds": 1e-3} | changes)
    bot = settings.bot.model_copy(update={"ladder": ladder})
    return settings.model_copy(update={"bot": bot})


def polled(keeper: Keeper, *, seconds: float = 60.0) -> tuple[Kept, float]:
    """Poll until there is something new; also how long the slowest poll took."""
    took: list[float] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.perf_counter()
        kept = keeper.poll()
        took.append(time.perf_counter() - began)
        if kept is not None:
            return kept, max(took)
        time.sleep(0.01)
    pytest.fail("the keeper saw nothing")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Errands that take no time; call it to say what comes of them."""
    monkeypatch.setattr(module, "MODULE", "tests.bot.quick_models")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setenv("KAIDAN_HOME", str(tmp_path))

    def now(how: str) -> None:
        monkeypatch.setenv("KAIDAN_QUICK", how)

    now("well")
    return now


@pytest.fixture
def ladder(tmp_path: Path) -> LiveLadder:
    return constant_ladder(tmp_path)


def test_a_promotion_is_live_within_one_look_and_an_outage_changes_nothing(
    store: Path, release, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store}")
    ladder = LiveLadder(Ladder.from_cache(settings), climb_after_bars=1)
    keeper = Keeper(ladder, hurried(settings), config=release.config)
    people, pulse = Heard(), Pulse(120.0)
    metrics = Metrics(pulse)
    with journal_in(tmp_path) as journal:
        herald = Herald(settings, journal, people, pulse, metrics, each_bar=True)
        herald.kept(keeper.look(NEVER), ladder.steps)
        assert pulse.facts.versions == {1: 1, 2: 1, 3: 1}

        set_live(get_version(3, register_twin()), 1, stages=True)
        kept, poll_seconds = polled(keeper)
        herald.kept(kept, ladder.steps)
        assert (kept.refresh.swapped, kept.failures) == ({3: (1, 2)}, {})
        assert pulse.facts.versions == {1: 1, 2: 1, 3: 2}
        assert [note.text for note in journal.notes()][-1] == "level 3: version 2 instead of 1"
        swaps = metrics.registry.get_sample_value("kaidan_model_swaps_total", {"level": "3"})
        assert swaps == 2.0
        assert poll_seconds < MAX_POLL_SECONDS

        monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        kept, _ = polled(keeper)
        herald.kept(kept, ladder.steps)
        assert list(kept.failures) == ["registry"]
        assert kept.refresh.swapped == {}
        assert pulse.facts.versions == {1: 1, 2: 1, 3: 2}
        assert [severity for severity, _ in people.of("registry")] == ["warning"]
    keeper.stop()


def test_a_registry_that_is_down_and_comes_back_is_seen(quick, ladder, tmp_path) -> None:
    keeper = Keeper(ladder, hurried(SETTINGS), config=None)
    quick("down")
    kept, _ = polled(keeper)
    assert kept.failures == {"registry": "no answer"}
    assert [rung.version for rung in ladder.steps.live.values()] == [2, 2, 2]
    quick("well")
    kept, _ = polled(keeper)
    assert kept.failures == {}
    keeper.stop()


def test_one_level_that_cannot_be_brought_is_not_the_whole_registry(quick, ladder) -> None:
    keeper = Keeper(ladder, hurried(SETTINGS), config=None)
    quick("one out")
    assert keeper.look(NEVER).failures == {"level 2": "no answer"}


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("fails", r"quick_models: failed \(exit code 1\): no disk"),
        ("hangs", r"quick_models: no answer within 0\.5 s; killed"),
        ("talks", r"errand models: said what cannot be read"),
    ],
)
def test_whatever_becomes_of_an_errand_is_a_failure_of_the_registry(
    quick, ladder, how: str, said: str
) -> None:
    late = {"refresh_timeout_seconds": 0.5} if how == "hangs" else {}
    keeper = Keeper(ladder, hurried(SETTINGS, **late), config=None)
    quick(how)
    kept, poll_seconds = polled(keeper)
    assert list(kept.failures) == ["registry"]
    assert re.match(said, kept.failures["registry"])
    assert poll_seconds < MAX_POLL_SECONDS
    keeper.stop()


def test_a_model_that_cannot_be_opened_is_a_failure_of_its_level(quick, ladder, tmp_path) -> None:
    keeper = Keeper(ladder, hurried(SETTINGS), config=None)
    constants = Constants(tmp_path / "new", SETTINGS)
    constants.name({1: 3, 2: 3, 3: 3})
    index = constants.cache.index()
    Constants(tmp_path, SETTINGS).cache.write(index)
    kept = keeper.look(NEVER)
    assert sorted(kept.failures) == ["level 1", "level 2", "level 3"]
    assert [rung.version for rung in ladder.steps.live.values()] == [2, 2, 2]


def test_it_looks_again_after_its_time_and_soon_when_it_is_told_to(
    quick, ladder, monkeypatch
) -> None:
    monkeypatch.setattr(module, "_SOONEST_SECONDS", 0.01)
    keeper = Keeper(ladder, hurried(SETTINGS, refresh_seconds=3600.0), config=None)
    keeper.look(NEVER)
    for _ in range(20):
        assert keeper.poll() is None
        time.sleep(0.01)
    keeper.soon()
    assert polled(keeper)[0].failures == {}
    keeper.stop()


def test_stopping_ends_the_errand_at_once(quick, ladder) -> None:
    quick("hangs")
    keeper = Keeper(ladder, hurried(SETTINGS), config=None)
    assert keeper.poll() is None
    errand = keeper._errand
    began = time.monotonic()
    keeper.stop()
    assert errand.done
    assert time.monotonic() - began < 5.0


def test_a_first_look_ends_when_the_bot_is_stopped(quick, ladder) -> None:
    quick("hangs")
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    began = time.monotonic()
    kept = Keeper(ladder, hurried(SETTINGS), config=None).look(stop)
    assert time.monotonic() - began < 5.0
    assert kept.failures == {"registry": "quick_models: cancelled"}
