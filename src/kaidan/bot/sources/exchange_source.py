"""Bars of an exchange, each told once it has closed, whatever happens on the way to it."""

from datetime import UTC, datetime

import numpy as np

from kaidan.bot.errands.outside import Errand
from kaidan.bot.sources.bars_answer import BarsAnswer
from kaidan.bot.sources.events import Event, Loaded, Told, Trouble
from kaidan.bot.sources.exchange_clock import ExchangeClock
from kaidan.bot.sources.retries import Retries
from kaidan.bot.sources.told_bars import ToldBars
from kaidan.bot.sources.troubles import Troubles
from kaidan.errors import KaidanError, UsageError
from kaidan.features.soundness import as_bar
from kaidan.market.bar import BAR_SECONDS, BARS_PER_DAY
from kaidan.settings import Settings

_ERRAND = "kaidan.bot.errands.bars"
_OVERLAP_BARS = 16  # asked for again each time: revisions and late bars come within hours
_SLACK_BARS = 7 * BARS_PER_DAY  # a month of weekly maintenance takes a few hours from the warm-up
_SLOWEST_RETRIES = 12  # an outage of hours is asked about once a minute


class ExchangeSource:
    """Asks an exchange after each close until the bar is there, without making anybody wait.

    Parameters
    ----------
    name : str
        EXCHANGE/BASE_QUOTE as in `bitbank/BTC_JPY`.
    settings : Settings
    after : datetime with a zone, optional
        The last bar (its open time) that was decided on: a restart. Every later one is told.

    Attributes
    ----------
    finished : bool
        False: an exchange goes on.
    """

    finished = False

    def __init__(self, name: str, settings: Settings, *, after: datetime | None = None) -> None:
        self._name = name
        self._source = settings.bot.source
        self._late_seconds = settings.bot.freshness.max_bar_delay_seconds
        self._needed = settings.levels.warmup_bars
        self._after = None if after is None else after.timestamp()
        self._told = ToldBars(_OVERLAP_BARS)
        self._loaded = False
        self._clock = ExchangeClock()
        self._troubles = Troubles()
        first = self._source.retry_seconds
        self._retries = Retries(first, _SLOWEST_RETRIES * first)
        self._errand: Errand | None = None
        self._kind = "exchange"
        self._next_ask = -np.inf

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What is wrong now."""
        return self._troubles.current

    def poll(self, now: datetime, monotonic: float) -> list[Event]:
        """Tell what has happened since the last poll; returns at once.

        First of all comes the history; then each bar, oldest first; one that was told already
        comes again when the exchange has changed it.

        Parameters
        ----------
        now : datetime with a zone
            Decides, with what the exchange says of the time, whether a bar has closed.
        monotonic : float, in seconds
            Decides when to ask again.

        Raises
        ------
        UsageError
            There is no such exchange or symbol.
        """
        time = self._clock.read(now, monotonic)
        events: list[Event] = []
        if self._errand is not None and self._errand.done:
            errand, self._errand = self._errand, None
            events += self._hear(errand, now, monotonic)
            time = self._clock.read(now, monotonic)
        if self._errand is None and monotonic >= self._next_ask and self._is_due(time):
            events += self._ask(time, monotonic)
        events += self._troubles.set("clock", self._clock.trouble, time)
        return [*events, *self._lateness(time)]

    def close(self) -> None:
        """End at once whatever is under way."""
        if self._errand is not None:
            self._errand.cancel()

    def _is_due(self, time: datetime) -> bool:
        missing = not self._loaded or _newest_closed(time) > self._told.last
        return missing or self._clock.stepped_seconds != 0

    def _ask(self, time: datetime, monotonic: float) -> list[Trouble]:
        if self._loaded:
            since = self._told.last - _OVERLAP_BARS * BAR_SECONDS
        else:
            first = time.timestamp() if self._after is None else self._after
            since = first - (self._needed + _SLACK_BARS) * BAR_SECONDS
        asked = ["--since", str(since)]
        if self._kind == "exchange":
            asked += ["--again", str(_OVERLAP_BARS), "--now", str(time.timestamp())]
        try:
            self._errand = Errand(
                _ERRAND,
                arguments=[self._kind, self._name, *asked],
                timeout_seconds=self._source.fetch_timeout_seconds,
            )
        except KaidanError as error:
            return self._failed(error, time, monotonic)
        return []

    def _hear(self, errand: Errand, now: datetime, monotonic: float) -> list[Event]:
        kind, self._kind = self._kind, "exchange"
        time = self._clock.read(now, monotonic)
        try:
            answer = BarsAnswer.from_bytes(errand.result())
        except KaidanError as error:
            if kind == "exchange" and not self._loaded:
                self._kind = "stored"  # what was fetched before is better than waiting
            return [*self._failed(error, time, monotonic)]
        if answer.wrong_use is not None and not self._loaded:
            raise UsageError(answer.wrong_use)
        failure = answer.failure or answer.wrong_use
        events: list[Event] = []
        if kind == "exchange":
            if failure is None or answer.ahead_seconds is not None:
                self._clock.heard(answer.ahead_seconds)
                time = self._clock.read(now, monotonic)
            events += self._troubles.set("exchange", failure, time)
            events += self._troubles.set("candles", answer.dropped, time)
        if self._loaded:
            events += self._tell(answer, time)
        else:
            events += self._load(answer, time, live=kind == "exchange" and failure is None)
        self._next_ask = monotonic + self._wait(time)
        return events

    def _failed(self, error: KaidanError, time: datetime, monotonic: float) -> list[Trouble]:
        self._next_ask = monotonic + self._retries.after_failure()
        return self._troubles.set("exchange", str(error), time)

    def _load(self, answer: BarsAnswer, time: datetime, *, live: bool) -> list[Event]:
        bars = answer.bars
        if self._after is None:
            # The newest bar is decided on, unless nobody knows whether it is the newest.
            first = len(bars) - int(live)
        else:
            first = int(np.searchsorted(bars[:, 0], self._after, side="right"))
        reached = len(bars) > 0 and (self._after is None or bars[-1, 0] >= self._after)
        if first < self._needed or not reached:
            said = (
                f"exchange:{self._name}: {max(0, first)} bars before the first to decide on, need "
                f"{self._needed} (warm-up): waiting for the exchange"
            )
            return [*self._troubles.set("history", said, time)]
        self._loaded = True
        self._told.remember(bars[:first])
        over = self._troubles.set("history", None, time)
        return [*over, Loaded(bars[:first], None, answer.gaps), *self._tell(answer, time)]

    def _tell(self, answer: BarsAnswer, time: datetime) -> list[Event]:
        events: list[Event] = []
        for row in self._told.news(answer.bars):
            newest = row[0] == _newest_closed(time)
            events += self._troubles.set("scale", self._told.scale_fault(row), time)
            events.append(Told(as_bar(row), time, answer.spread_share if newest else None))
        return events

    def _wait(self, time: datetime) -> float:
        if "exchange" in self._troubles or not self._loaded or self._late(time):
            return self._retries.after_failure()
        self._retries.after_success()
        return self._source.retry_seconds

    def _late(self, time: datetime) -> bool:
        closed = self._told.last + 2 * BAR_SECONDS
        return self._loaded and time.timestamp() - closed > self._late_seconds

    def _lateness(self, time: datetime) -> list[Trouble]:
        if not self._late(time):
            return self._troubles.set("bar", None, time)
        if self._errand is not None or "exchange" in self._troubles:
            return []  # being asked about, or explained
        expected = datetime.fromtimestamp(self._told.last + BAR_SECONDS, UTC)
        return self._troubles.set(
            "bar",
            f"exchange:{self._name}: answers, but has no bar of {expected:%Y-%m-%dT%H:%MZ} "
            f"{self._late_seconds:g} s after its close",
            time,
        )


def _newest_closed(time: datetime) -> float:
    """Open time of the newest closed bar, in epoch seconds."""
    return (time.timestamp() // BAR_SECONDS - 1) * BAR_SECONDS
