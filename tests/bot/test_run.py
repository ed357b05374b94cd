"""The loop goes round, tells what it hears, and takes everything apart at its end."""

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kaidan.bot.alerts.severity import Severity
from kaidan.bot.health.metrics import Metrics
from kaidan.bot.health.pulse import Pulse
from kaidan.bot.herald import Herald
from kaidan.bot.journal import Journal, JournalError
from kaidan.bot.keeper import Kept
from kaidan.bot.run import Loop, Parts
from kaidan.bot.sources.events import Event, Loaded, Trouble
from kaidan.bot.sources.macro_source import MacroTold
from kaidan.bot.tick import Decided, Tick
from kaidan.bot.watcher import Looked, Matter
from kaidan.errors import DataError
from kaidan.serving.live_ladder import LiveLadder
from kaidan.serving.steps import Refresh
from tests.bot.kit import (
    SETTINGS,
    WARMUP,
    Heard,
    Script,
    bars_from,
    constant_ladder,
    journal_in,
    known_macro,
    sample,
    told,
)
from tests.features.streaming import history

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
BARS = bars_from(0, 6)
UNSOUND = BARS[1]._replace(high=BARS[1].low - 1)
DOWN = Trouble("exchange", "no answer", NOON)


class MacroScript:
    """Macro values that are known from the n-th poll on."""

    def __init__(self, n: int = 1, *more: list[MacroTold | Trouble]) -> None:
        self._polls = deque([[]] * (n - 1) + [[MacroTold(known_macro(), None)], *more])
        self.settled = False
        self.closed = False

    def poll(self, _now: datetime, _monotonic: float) -> list[MacroTold | Trouble]:
        self.settled = len(self._polls) <= 1
        return self._polls.popleft() if self._polls else []

    def close(self) -> None:
        self.closed = True


class Looks:
    """A keeper that has seen the registry do this, or a watcher that found this."""

    def __init__(self, *seen: Kept | Looked | None) -> None:
        self._seen = deque(seen)
        self.n_decided = 0
        self.asked_soon = self.stopped = False

    def poll(self) -> Kept | Looked | None:
        return self._seen.popleft() if self._seen else None

    def soon(self) -> None:
        self.asked_soon = True

    def decided(self) -> None:
        self.n_decided += 1

    def stop(self) -> None:
        self.stopped = True


@dataclass
class Bench:
    """A loop of real parts around a source that was made by hand."""

    journal: Journal
    ladder: LiveLadder

    def __post_init__(self) -> None:
        self.people = Heard()
        self.pulse = Pulse(120.0)
        self.stop = threading.Event()
        self.decided: list[Decided] = []
        self.n_beats = self.n_tidied = 0

    def loop(
        self, source: Script, macro=None, keeper=None, watcher=None, *, once: bool = False
    ) -> Loop:
        parts = Parts(
            source=source,
            macro=MacroScript() if macro is None else macro,
            tick=Tick(SETTINGS, self.ladder, self.journal),
            ladder=self.ladder,
            herald=Herald(
                SETTINGS,
                self.journal,
                self.people,
                self.pulse,
                Metrics(self.pulse),
                each_bar=True,
            ),
            keeper=keeper,
            watcher=watcher,
            beat=self._beat,
            tidy=self._tidy,
        )
        return Loop(parts, self.stop, once=once, on_decision=self.decided.append)

    def _beat(self) -> None:
        self.n_beats += 1

    def _tidy(self) -> None:
        self.n_tidied += 1

    @property
    def notes(self) -> list[tuple[str, str]]:
        return [(note.kind, note.text) for note in self.journal.notes()]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("constants")


@pytest.fixture
def bench(home: Path, tmp_path: Path) -> Iterator[Bench]:
    with journal_in(tmp_path) as journal:
        yield Bench(journal, constant_ladder(home))


@pytest.fixture
def loaded() -> Loaded:
    return Loaded(history(sample().iloc[:WARMUP]), None, "no gaps")


def times(bench: Bench) -> list[datetime]:
    return [entry.bar.time for entry in bench.journal.entries()]


def test_it_loads_decides_and_tells_until_the_bars_are_at_an_end(bench, loaded) -> None:
    source = Script([loaded], [], [told(BARS[0]), told(BARS[1])], [told(BARS[2])])
    bench.loop(source).run()
    assert times(bench) == [bar.time for bar in BARS[:3]]
    assert [one.entry.bar for one in bench.decided] == BARS[:3]
    assert [one.entry.prediction.level for one in bench.decided] == [1, 1, 1]
    assert bench.n_beats == bench.n_tidied == 4
    assert source.closed


def test_bars_wait_until_it_is_known_which_macro_values_there_are(bench, loaded) -> None:
    source = Script([loaded, told(BARS[0])])
    bench.loop(source, MacroScript(3)).run()
    assert bench.n_beats == 3
    (decided,) = bench.decided
    assert decided.entry.prediction.level == 1


def test_macro_values_that_came_before_the_start_count_too(bench, loaded) -> None:
    loop = bench.loop(Script([loaded, told(BARS[0])]), MacroScript())
    loop.parts.macro_told = loop.parts.macro.poll(NOON, 0.0)
    loop.run()
    assert [one.entry.prediction.level for one in bench.decided] == [1]


def test_a_trouble_is_told_when_it_begins_and_when_it_is_over(bench, loaded) -> None:
    over = Trouble("exchange", "no answer", NOON, until=NOON)
    macro = MacroScript(1, [Trouble("macro usd_jpy", "404", NOON)])
    bench.loop(Script([loaded, DOWN], [told(BARS[0])], [over], []), macro).run()
    assert bench.people.of("exchange") == [
        ("critical", "exchange: no answer"),
        ("over", "exchange is well again after 0 s"),
    ]
    assert bench.people.of("macro usd_jpy") == [("warning", "macro usd_jpy: 404")]
    assert ("trouble over", "exchange is well again after 0 s") in bench.notes
    assert len(bench.decided) == 1


def test_a_refused_bar_is_a_trouble_until_the_next_good_one(bench, loaded) -> None:
    bench.loop(Script([loaded, told(BARS[0]), told(UNSOUND)], [told(UNSOUND)])).run()
    assert times(bench) == [BARS[0].time]
    (severity, text) = bench.people.of("refused bar")[0]
    assert severity == "warning"
    assert bench.pulse.facts.troubles == {"refused bar": text.removeprefix("refused bar: ")}


def test_after_a_refused_bar_it_goes_on_and_is_well_again(bench, loaded) -> None:
    bench.loop(Script([loaded, told(UNSOUND)], [told(BARS[1])], [told(BARS[2])])).run()
    assert times(bench) == [BARS[1].time, BARS[2].time]
    assert [severity for severity, _ in bench.people.of("refused bar")] == ["warning", "over"]
    assert [kind for kind, _ in bench.notes] == ["trouble", "trouble over"]
    assert bench.pulse.facts.troubles == {}


def test_a_bar_that_decides_nothing_is_not_told_as_a_decision(bench, loaded) -> None:
    bench.loop(Script([loaded, told(BARS[0]), told(BARS[0])])).run()
    assert len(bench.decided) == 1


def test_once_is_one_decision(bench, loaded) -> None:
    source = Script([loaded], [told(BARS[0]), told(BARS[1])], [told(BARS[2])])
    bench.loop(source, once=True).run()
    assert times(bench) == [BARS[0].time]
    assert bench.stop.is_set()


def test_a_stop_is_heard_between_two_bars(bench, loaded) -> None:
    events: list[Event] = [loaded, *map(told, BARS)]
    loop = bench.loop(Script(events, [], []))
    loop.on_decision = lambda decided: bench.stop.set() if decided.entry.bar == BARS[2] else None
    loop.run()
    assert times(bench) == [bar.time for bar in BARS[:3]]
    assert bench.journal.state() is not None


def test_what_the_keeper_saw_is_told(bench, loaded) -> None:
    refresh = Refresh({3: (1, 2)}, {}, {}, None)
    keeper = Looks(None, Kept(refresh, {}), Kept(refresh, {"registry": "no answer"}))
    bench.loop(Script([loaded], [told(BARS[0])], []), keeper=keeper).run()
    assert ("info", "level 3: version 2 instead of 1") in bench.people.of("swap 3")
    assert bench.people.of("registry") == [("warning", "registry: no answer")]
    assert keeper.stopped


def test_what_the_watcher_found_is_told_until_it_is_over(bench, loaded) -> None:
    drift = Matter("drift 1", Severity.warning, "returns_1 drifts")
    watcher = Looks(
        Looked((drift,)),
        Looked(failure="no answer within 120 s"),
        Looked((Matter("drift 1", None, "level 1 does not drift"),)),
    )
    keeper = Looks()
    bars = [told(BARS[0]), told(BARS[1])]
    bench.loop(Script([loaded], bars, [], []), keeper=keeper, watcher=watcher).run()
    assert bench.people.of("drift 1") == [
        ("warning", "drift 1: returns_1 drifts"),
        ("over", "level 1 does not drift"),
    ]
    assert bench.people.of("monitoring") == [
        ("warning", "monitoring: no answer within 120 s"),
        ("over", "monitoring is well again"),
    ]
    assert watcher.n_decided == 2
    assert not keeper.asked_soon
    assert watcher.stopped


def test_what_was_rolled_back_is_asked_for_at_once(bench, loaded) -> None:
    keeper = Looks()
    bench.loop(Script([loaded], []), keeper=keeper, watcher=Looks(Looked(moved=True))).run()
    assert keeper.asked_soon


def test_a_source_that_cannot_be_had_ends_it_with_everything_closed(bench) -> None:
    source, macro, keeper = Script(DataError("bars.csv: no such file")), MacroScript(), Looks()
    with pytest.raises(DataError, match="no such file"):
        bench.loop(source, macro, keeper).run()
    assert (source.closed, macro.closed, keeper.stopped) == (True, True, True)


def test_a_journal_that_cannot_be_written_ends_it_with_everything_closed(bench, loaded) -> None:
    source, macro, keeper = Script([loaded, told(BARS[0])], []), MacroScript(), Looks()
    loop = bench.loop(source, macro, keeper)
    bench.journal.close()
    with pytest.raises(JournalError, match="cannot write the bar of"):
        loop.run()
    assert (source.closed, macro.closed, keeper.stopped) == (True, True, True)
    assert bench.decided == []


def test_a_bug_ends_it_with_everything_closed(bench, loaded) -> None:
    source, macro, keeper = Script(ZeroDivisionError()), MacroScript(), Looks()
    with pytest.raises(ZeroDivisionError):
        bench.loop(source, macro, keeper).run()
    assert (source.closed, macro.closed, keeper.stopped) == (True, True, True)
