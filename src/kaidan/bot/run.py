"""The loop: bars in, decisions out, until it is told to stop."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from kaidan.bot.herald import Herald
from kaidan.bot.keeper import Keeper
from kaidan.bot.memory import give_back
from kaidan.bot.sources.events import Event, Loaded, Told, Trouble
from kaidan.bot.sources.exchange_source import ExchangeSource
from kaidan.bot.sources.macro_source import MacroSource, MacroTold
from kaidan.bot.sources.replay_source import ReplaySource
from kaidan.bot.sources.troubles import Troubles
from kaidan.bot.tick import Decided, Tick
from kaidan.bot.watcher import Watcher
from kaidan.errors import DataError
from kaidan.serving.live_ladder import LiveLadder

_IDLE_SECONDS = 0.05

_log = logging.getLogger(__name__)


@dataclass
class Parts:
    """What the loop drives.

    Attributes
    ----------
    source, macro
        Where bars and macro values come from.
    tick : Tick
    ladder : LiveLadder
    herald : Herald
    keeper : Keeper or None
        None: the ladder stays as it is.
    watcher : Watcher or None
        None: nobody looks at the journal.
    beat : callable
        Called every time round: a sign of life.
    tidy : callable
        Called when there is time: the journal's housekeeping.
    macro_told : sequence
        What `macro` has told already.
    """

    source: ReplaySource | ExchangeSource
    macro: MacroSource
    tick: Tick
    ladder: LiveLadder
    herald: Herald
    keeper: Keeper | None
    watcher: Watcher | None
    beat: Callable[[], None]
    tidy: Callable[[], None]
    macro_told: Sequence[MacroTold | Trouble] = ()


@dataclass
class Loop:
    """Goes round until the source is finished, `once` is done, or `stop` is set.

    Attributes
    ----------
    parts : Parts
    stop : Event
        Set by a signal; heard within a fraction of a second, between two bars.
    once : bool
        Stop after the first decision.
    on_decision : callable
        Told of each decision, for a summary or a bar of progress.
    clock : callable
        The wall clock.
    """

    parts: Parts
    stop: threading.Event
    once: bool = False
    on_decision: Callable[[Decided], None] = lambda _: None
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    _refusals: Troubles = field(default_factory=Troubles, init=False)

    def run(self) -> None:
        """Go round.

        Raises
        ------
        KaidanError
            The source cannot be had at all, or a decision cannot be written: the bot ends rather
            than trade what it could not remember.
        """
        parts = self.parts
        try:
            self._on_macro(parts.macro_told)
            while not (self.stop.is_set() or parts.source.finished):
                parts.beat()
                if not self._round():
                    self.stop.wait(_IDLE_SECONDS)
        finally:
            parts.source.close()
            parts.macro.close()
            if parts.keeper is not None:
                parts.keeper.stop()
            if parts.watcher is not None:
                parts.watcher.stop()

    def _round(self) -> bool:
        """Whether there was anything to do."""
        parts, now, monotonic = self.parts, self.clock(), time.monotonic()
        self._on_macro(parts.macro.poll(now, monotonic))
        # Bars wait for the first macro values, or a start would be a step down.
        events = parts.source.poll(now, monotonic) if parts.macro.settled else []
        for event in events:
            self._on(event)
        if parts.keeper is not None and (kept := parts.keeper.poll()) is not None:
            parts.herald.kept(kept, parts.ladder.steps)
        if parts.watcher is not None and (looked := parts.watcher.poll()) is not None:
            parts.herald.looked(looked)
            if looked.moved and parts.keeper is not None:
                parts.keeper.soon()
        parts.tidy()
        return bool(events)

    def _on_macro(self, events: Sequence[MacroTold | Trouble]) -> None:
        for event in events:
            if isinstance(event, Trouble):
                self.parts.herald.trouble(event)
            else:
                self.parts.tick.set_macro(event.known)
                self.parts.herald.macro_told()

    def _on(self, event: Event) -> None:
        if self.stop.is_set():
            return
        if isinstance(event, Trouble):
            self.parts.herald.trouble(event)
        elif isinstance(event, Loaded):
            self.parts.tick.load(event.history)
            give_back()
            _log.info("history: %s", event.gaps)
        else:
            self._hear(event)

    def _hear(self, told: Told) -> None:
        try:
            heard = self.parts.tick.hear(told)
        except DataError as error:
            self._refused(str(error), told.told_at)
            return
        if not isinstance(heard, Decided):
            self.parts.herald.again(heard.name.lower())
            return
        self._refused(None, told.told_at)
        self.parts.herald.decided(heard)
        self.on_decision(heard)
        if self.parts.watcher is not None:
            self.parts.watcher.decided()
        if self.once:
            self.stop.set()

    def _refused(self, why: str | None, at: datetime) -> None:
        for trouble in self._refusals.set("refused bar", why, at):
            self.parts.herald.trouble(trouble)
