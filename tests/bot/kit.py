"""A bot in pieces: bars to hear, models that always answer alike, and somebody who listens."""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kaidan.bot.alerts.severity import Severity
from kaidan.bot.desk import Dealt
from kaidan.bot.journal import Entry, Journal
from kaidan.bot.plan import Plan
from kaidan.bot.risk import Veto
from kaidan.bot.sources import macro_source, replay_source
from kaidan.bot.sources.events import Event, Told
from kaidan.bot.tick import Decided, Tick
from kaidan.market.bar import ONE_BAR, Bar, each_bar
from kaidan.market.known_macro import KnownMacro
from kaidan.market.macro import check_macro
from kaidan.market.sample import sample_bars, sample_macro
from kaidan.serving.dummy import DummyModel
from kaidan.serving.ladder import Ladder
from kaidan.serving.live_ladder import LiveLadder
from kaidan.serving.prediction import Attempt, Prediction
from kaidan.settings import load_settings
from kaidan.trading.order import Executed
from kaidan.trading.policy import Side
from kaidan.trading.position import Trade
from tests.bot.journal.kit import decided
from tests.bot.risk import kit as risk
from tests.bot.sources.kit import InProcess
from tests.features.streaming import history
from tests.serving.constant import Constants

SETTINGS = load_settings()
WARMUP = SETTINGS.levels.warmup_bars


@cache
def sample() -> pd.DataFrame:
    return sample_bars(40)


@cache
def known_macro() -> KnownMacro:
    return KnownMacro.from_frame(check_macro(sample_macro()))


def bars_from(n: int, n_bars: int) -> list[Bar]:
    """The sample's bars from the n-th after the warm-up on."""
    return list(each_bar(sample().iloc[WARMUP + n : WARMUP + n + n_bars]))


def told(bar: Bar, *, delay_seconds: float = 1.0, spread_share: float | None = None) -> Told:
    return Told(bar, bar.time + ONE_BAR + timedelta(seconds=delay_seconds), spread_share)


def constant_ladder(home: Path, *, climb_after_bars: int = 4) -> LiveLadder:
    """Version 2 of each level is live and always says BUY; version 1 is the shadow of level 1."""
    if not (home / "models").exists():
        Constants(home, SETTINGS).name({1: 2, 2: 2, 3: 2}, shadow={1: 1})
    return LiveLadder(Ladder.from_cache(SETTINGS, home=home), climb_after_bars=climb_after_bars)


@contextmanager
def journal_in(folder: Path) -> Iterator[Journal]:
    journal = Journal.open(folder / "bot.sqlite", identity={"source": "a test"})
    try:
        yield journal
    finally:
        journal.close()


def tick_at(n: int, ladder: LiveLadder, journal: Journal, *, n_loaded: int = WARMUP) -> Tick:
    """A tick that the n-th bar after the warm-up is told next."""
    tick = Tick(SETTINGS, ladder, journal)
    tick.set_macro(known_macro())
    tick.load(history(sample().iloc[WARMUP + n - n_loaded : WARMUP + n]))
    return tick


def without_clocks(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """What does not depend on when, and how fast, it was decided."""
    said = [entry.to_dict() for entry in entries]
    return [
        {name: one[name] for name in one if name not in ("latency_us", "decided_at")}
        for one in said
    ]


def errands_in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let bars and macro values of files be read here: seconds less for each bot."""
    for module in (replay_source, macro_source):
        monkeypatch.setattr(module, "Errand", InProcess)


def answer_of(level: int | None, *attempts: Attempt) -> Prediction:
    """BUY of a level, or the dummy's."""
    if level is None:
        return DummyModel().predict(attempts=attempts)
    return replace(risk.prediction(*risk.BUY), level=level, attempts=attempts)


def decision(
    n: int = 0,
    answer: Prediction | None = None,
    *,
    vetoes: tuple[Veto, ...] = (),
    trades: tuple[Trade, ...] = (),
    equity_share: float = 1.0,
    side: Side = Side.FLAT,
) -> Decided:
    """What came of the n-th bar; level 1 answers BUY."""
    said = answer_of(1) if answer is None else answer
    account = risk.account(side, equity_share)
    verdict = replace(risk.decide(prediction=said, account=account), vetoes=vetoes)
    entry = decided(
        n,
        prediction=said,
        verdict=verdict.to_dict(),
        order=verdict.order and verdict.order.to_dict(),
        trades=tuple(trade.to_dict() for trade in trades),
        equity_share=equity_share,
        side=side,
    )
    return Decided(entry, Dealt(Executed((), trades), verdict, account), 0.0007)


def a_plan(source: str, **changes: Any) -> Plan:
    """A replay from the cache, unless it is told otherwise."""
    values = {
        "source": source,
        "macro": "",
        "name": "x",
        "once": False,
        "cached": True,
        "restart": False,
        "serves": False,
        "config": None,
    }
    return Plan(**values | changes)


class Heard:
    """Somebody who writes down all that is told: (severity or `over`, key, text).

    Like `Alerts`, of the end of a matter only if it was told, or was `open` from before.
    """

    def __init__(self, *open_keys: str) -> None:
        self.said: list[tuple[str, str, str]] = []
        self._open = set(open_keys)

    def tell(self, severity: Severity, key: str, text: str) -> None:
        self._open.add(key)
        self.said.append((severity.name, key, text))

    def settle(self, key: str, text: str) -> None:
        if key in self._open:
            self._open.remove(key)
            self.said.append(("over", key, text))

    def of(self, key: str) -> list[tuple[str, str]]:
        """What was said of one matter."""
        return [(severity, text) for severity, one, text in self.said if one == key]


class Script:
    """A source that tells, at each poll, what it was given; an exception is raised."""

    def __init__(self, *rounds: list[Event] | Exception) -> None:
        self._rounds = deque(rounds)
        self.closed = False

    @property
    def finished(self) -> bool:
        return not self._rounds

    def poll(self, _now: datetime, _monotonic: float) -> list[Event]:
        events = self._rounds.popleft()
        if isinstance(events, Exception):
            raise events
        return events

    def close(self) -> None:
        self.closed = True
