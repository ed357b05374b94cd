"""A whole bot in the test's process, at an exchange of its own; its hours pass in seconds."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any
from urllib.error import HTTPError

import pandas as pd
import pytest

from kaidan.bot import run
from kaidan.bot.health import pulse
from kaidan.bot.journal import Entry, journal_file
from kaidan.bot.journal.reader import read_journal
from kaidan.bot.plan import Plan
from kaidan.bot.sources import exchange_source, macro_source
from kaidan.bot.start import run_bot
from kaidan.bot_settings import BotSettings
from kaidan.market import candles
from kaidan.market.history import save_history
from kaidan.settings import load_settings
from tests.bot.sources.kit import SLOT, Exchange, InProcess

NAME = "exchange:bitbank/BTC_JPY"
Until = Callable[[], bool]


class Market(Exchange):
    """An exchange whose candles are given.

    Its clock stands still until somebody moves it.
    """

    def __init__(self, bars: pd.DataFrame, clock: datetime) -> None:
        super().__init__(clock)
        times = [time.to_pydatetime() for time in bars.index]
        self.changed = dict(zip(times, bars.to_numpy().tolist(), strict=True))

    def stored(self, home: Path) -> None:
        """Let a home have all that has closed by now."""
        closed = [slot for slot in self.changed if slot + SLOT <= self.clock]
        columns = ["open", "high", "low", "close", "volume"]
        index = pd.DatetimeIndex(closed, name="timestamp").as_unit("ns")
        values = [self.changed[slot] for slot in closed]
        frame = pd.DataFrame(values, index, columns, dtype="float64")
        save_history(frame, home / "bars" / "bitbank" / "BTC_JPY.parquet")


class Stage:
    """Plays scripts with a bot: time passes a little each time the bot's loop goes round.

    `ahead` is how far this machine's clock is ahead of the exchange's; it may be set at any time.
    """

    def __init__(self, market: Market, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.market = market
        self.config = config
        self.pace = timedelta(seconds=5)
        self.ahead = timedelta(0)
        self.decided: list[Entry] = []
        self._passed = 0.0
        stage = self

        class Clock(datetime):
            @classmethod
            def now(cls, _zone: object = None) -> datetime:
                return stage.market.clock

        moving = SimpleNamespace(monotonic=lambda: time.monotonic() + self._passed)
        monkeypatch.setattr(run, "time", moving)
        monkeypatch.setattr(run, "_IDLE_SECONDS", 0.0)
        monkeypatch.setattr(pulse, "datetime", Clock)
        for module in (exchange_source, macro_source):
            monkeypatch.setattr(module, "Errand", InProcess)
        restless = SimpleNamespace(monotonic=time.monotonic, sleep=lambda _seconds: None)
        monkeypatch.setattr(candles, "time", restless)
        monkeypatch.setattr("ccxt.Exchange.throttle", lambda *_: None)

    def skip(self, span: timedelta) -> None:
        """Let time pass at once."""
        self.market.clock += span
        self._passed += span.total_seconds()

    def bars(self, n: int) -> Until:
        """Until `n` more bars are decided."""
        target = len(self.decided) + n
        return lambda: len(self.decided) >= target

    def passed(self, span: timedelta) -> Until:
        """Until so much time has passed."""
        end = self.market.clock + span
        return lambda: self.market.clock >= end

    @property
    def last(self) -> Entry:
        """The newest decision."""
        return self.decided[-1]

    @property
    def levels(self) -> list[int | None]:
        """Which level answered each bar."""
        return [entry.prediction.level for entry in self.decided]

    def notes(self, *kinds: str) -> list[str]:
        """Texts of the journal's notes of these kinds."""
        with read_journal(journal_file("stage")) as reader:
            return [note.text for note in reader.notes() if note.kind in kinds]

    def play(
        self,
        script: Iterator[Until],
        *,
        macro: str = "",
        cached: bool = True,
        serves: bool = False,
        seconds: float = 60.0,
    ) -> None:
        """Run a bot; the script goes on whenever what it waited for has come, and ends it."""
        stop, deadline = Event(), time.monotonic() + seconds
        until: Until = lambda: True  # noqa: E731

        def clock() -> datetime:
            nonlocal until
            self.skip(self.pace)
            assert time.monotonic() < deadline, (until, self.decided[-1:], self.notes("trouble"))
            while not stop.is_set() and until():
                try:
                    until = next(script)
                except StopIteration:
                    stop.set()
            return self.market.clock + self.ahead

        plan = Plan(
            source=NAME,
            macro=macro,
            name="stage",
            once=False,
            cached=cached,
            restart=False,
            serves=serves,
            config=self.config,
        )
        run_bot(
            plan,
            load_settings(self.config),
            stop,
            on_decision=lambda one: self.decided.append(one.entry),
            clock=clock,
        )


def unwatched(bot: BotSettings) -> BotSettings:
    """Settings under which nobody looks at the journal: that takes a process some seconds."""
    seldom = bot.monitoring.model_copy(update={"every_bars": 100_000})
    return bot.model_copy(update={"monitoring": seldom})


def health(port: int) -> tuple[int, dict[str, Any]]:
    """Status and report of `/healthz`."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return answer.status, json.load(answer)
    except HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)
