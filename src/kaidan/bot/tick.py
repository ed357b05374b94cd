"""One bar in, one explained decision out, written down before anything else happens."""

import hashlib
import time
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaidan.bot.desk import Dealt, Desk
from kaidan.bot.journal import Entry, Journal
from kaidan.bot.risk.context import INPUTS
from kaidan.bot.sources.events import Told
from kaidan.features.stream import Arrival, FeatureStream
from kaidan.market.bar import BAR_SECONDS, ONE_BAR
from kaidan.market.known_macro import KnownMacro
from kaidan.serving.dummy import DummyModel
from kaidan.serving.live_ladder import LiveAnswer, LiveLadder
from kaidan.serving.prediction import Attempt
from kaidan.settings import Settings


@dataclass(frozen=True)
class Decided:
    """What came of a new bar.

    Attributes
    ----------
    entry : Entry
        As it stands in the journal.
    dealt : Dealt
    seconds : float
        From the bar until the journal had it.
    """

    entry: Entry
    dealt: Dealt
    seconds: float


class Tick:
    """Hears bars, decides on each new one, and remembers.

    Parameters
    ----------
    settings : Settings
    ladder : LiveLadder
    journal : Journal
        Its state is gone on from.
    desk : Desk, optional
        Default: on paper.

    Raises
    ------
    DataError
        The journal's state cannot be read.
    """

    def __init__(
        self, settings: Settings, ladder: LiveLadder, journal: Journal, desk: Desk | None = None
    ) -> None:
        self.stream = FeatureStream(settings)
        self._max_delay_seconds = settings.bot.freshness.max_bar_delay_seconds
        self._warmup_bars = settings.levels.warmup_bars
        self._levels = settings.bot.ladder.levels
        self._ladder = ladder
        self._journal = journal
        self._desk = Desk(settings) if desk is None else desk
        self._macro: KnownMacro | None = None
        self._news: list[str] = []
        state = journal.state()
        if state is not None:
            self._desk.restore(state["desk"])
            self._ladder.restore(state["ladder"])

    @property
    def desk(self) -> Desk:
        """Broker and risk manager."""
        return self._desk

    def load(self, history: NDArray[np.float64]) -> None:
        """Take the bars before the first that is heard, float64 of shape (n_bars, 6).

        Raises
        ------
        DataError
            They are not sound.
        """
        self.stream.load(history)

    def set_macro(self, macro: KnownMacro | None) -> None:
        """Take the macro values that are known now; None: there are none."""
        self._macro = macro
        self.stream.set_macro(macro)

    def hear(self, told: Told) -> Decided | Arrival:
        """Take a bar in; decide, if it is a new one.

        An earlier bar that was revised or filled in changes the features of later bars, is told
        in the next decision, and decides nothing itself: each bar is decided once.

        Raises
        ------
        DataError
            The bar is not sound. Nothing has changed.
        JournalError
            The decision could not be written.
        """
        began = time.perf_counter()
        arrival = self.stream.push(told.bar)
        if arrival is not Arrival.NEW:
            if arrival is not Arrival.DUPLICATE:
                self._news.append(f"the bar of {told.bar.time:%m-%d %H:%M} was {_SAID[arrival]}")
            return arrival
        delay = (told.told_at - told.bar.time - ONE_BAR).total_seconds()
        row = self.stream.row() if self.stream.ready else None
        answer = self._warming_up() if row is None else self._ask(row)
        answered = () if row is None else tuple(row.values())
        row = dict.fromkeys(INPUTS, np.nan) if row is None else row
        dealt = self._desk.on_bar(
            told.bar,
            row,
            answer.prediction,
            bars_since_gap=self.stream.bars_since_gap,
            bar_delay_seconds=delay,
            spread_share=told.spread_share,
        )
        order = dealt.verdict.order
        entry = Entry(
            bar=told.bar,
            arrival=tuple(self._arrival_notes(delay)),
            features=answered,
            features_sha256=_sha256(row),
            prediction=answer.prediction,
            version=answer.version,
            model_sha256=answer.model_sha256,
            shadow=tuple(one.to_dict() for one in answer.shadow),
            macro=self._macro_notes(told),
            verdict=dealt.verdict.to_dict(),
            order=None if order is None else order.to_dict(),
            fills=tuple(fill.to_dict() for fill in dealt.executed.fills),
            trades=tuple(trade.to_dict() for trade in dealt.executed.trades),
            equity_share=dealt.account.equity_share,
            side=dealt.account.side,
            position_share=dealt.account.position_share,
            latency_us=1e6 * (time.perf_counter() - began),
            decided_at=datetime.now(UTC),
        )
        self._journal.write(entry, {"desk": self._desk.state(), "ladder": self._ladder.state()})
        self._news.clear()
        return Decided(entry, dealt, time.perf_counter() - began)

    def _ask(self, row: Mapping[str, float]) -> LiveAnswer:
        return self._ladder.predict(row, stale=self.stream.stale_features())

    def _warming_up(self) -> LiveAnswer:
        why = f"warming up: {self.stream.n_bars} of {self._warmup_bars} bars"
        attempts = tuple(Attempt(level, why) for level in self._levels)
        return LiveAnswer(DummyModel().predict(attempts=attempts), None, None, ())

    def _arrival_notes(self, delay_seconds: float) -> list[str]:
        notes = list(self._news)
        if self.stream.missing_before_last:
            notes.append(f"{self.stream.missing_before_last} bars are missing before it")
        if abs(delay_seconds) > self._max_delay_seconds:
            when = "after" if delay_seconds > 0 else "before"
            notes.append(f"told {abs(delay_seconds):.0f} s {when} its close")
        if self.stream.bars_since_gap < self.stream.n_bars and (over := self.stream.bridged()):
            notes.append(f"{len(over)} features reach over a gap")
        return notes

    def _macro_notes(self, told: Told) -> dict[str, Any]:
        closed_at = told.bar.time.timestamp() + BAR_SECONDS
        ages = {} if self._macro is None else self._macro.ages_seconds(closed_at)
        return {"ages_seconds": ages, "stale": list(self.stream.stale_sources())}


_SAID = {
    Arrival.REVISED: "revised",
    Arrival.FILLED: "filled in late",
    Arrival.TOO_OLD: "told too late to matter",
}


def _sha256(row: Mapping[str, float]) -> str:
    return hashlib.sha256(array("d", row.values()).tobytes()).hexdigest()
