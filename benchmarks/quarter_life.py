"""Day after day of a simulated quarter: bars heard, looks taken, levels trained anew."""

import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field

import pandas as pd
from quarter_bot import QuarterBot
from quarter_market import Quarter
from quarter_registry import Done, Registry

from kaidan.errors import KaidanError
from kaidan.monitoring.decisions import Decisions
from kaidan.monitoring.watched import Watched
from kaidan.settings import Settings

_SUNDAY = 6
_DOWN_FROM, _DOWN_UNTIL = 5, 2  # day of the week, day of the next


@dataclass(frozen=True)
class Event:
    """Something that happened, or that people were told.

    Attributes
    ----------
    at : Timestamp
        Of the market's clock.
    kind : str
        `retrain`, `force`, `told`, `over`, `look`.
    code : int
        Exit code of a command; 0 otherwise.
    text : str
    """

    at: pd.Timestamp
    kind: str
    text: str
    code: int = 0


@dataclass
class Lived:
    """What came of a quarter."""

    events: list[Event] = field(default_factory=list)
    looks: list[tuple[pd.Timestamp, Watched]] = field(default_factory=list)
    decisions: Decisions | None = None


def live(
    quarter: Quarter, registry: Registry, settings: Settings, *, told: Callable[[str], None]
) -> Lived:
    """Live through a quarter.

    Parameters
    ----------
    quarter : Quarter
    registry : Registry
        Empty.
    settings : Settings
    told : callable
        Told of each event.
    """
    before = quarter.until(quarter.start)
    first = registry.train(before, quarter.macro)
    if first.code:
        sys.exit(f"the first training ended with {first.code}: {first.err}")
    with QuarterBot.alive(settings, before, quarter.macro) as bot:
        life = _Life(quarter, registry, bot, told)
        bot.refresh()
        if not bot.ladder.steps.live:
            sys.exit(f"the gates refused the first release: {first.out}")
        for day in range(7 * quarter.weeks):
            life.day(day)
        life.lived.decisions = bot.decisions()
    return life.lived


@dataclass
class _Life:
    quarter: Quarter
    registry: Registry
    bot: QuarterBot
    told: Callable[[str], None]
    lived: Lived = field(default_factory=Lived)
    due: bool = False
    wrong: set[str] = field(default_factory=set)

    def day(self, day: int) -> None:
        week, weekday = divmod(day, 7)
        begin = self.quarter.start + pd.Timedelta(days=day)
        end = begin + pd.Timedelta(days=1)
        if weekday == 0 and week == self.quarter.story.bad_release:
            forced = self.registry.force_slipped(self.quarter.until(begin), self.quarter.macro)
            self._done(begin, "force", forced)
        self.bot.hear(self.quarter.between(begin, end))
        with self.registry.down() if self._is_down(day) else nullcontext():
            self._look(end)
            self.due |= weekday == _SUNDAY
            if self.due:
                done = self.registry.retrain(self.quarter.until(end), self.quarter.macro)
                self.due = done.code == 1  # whoever runs it tries again the next day
                self._done(end, "retrain", done)

    def _look(self, at: pd.Timestamp) -> None:
        try:
            watched = self.bot.look()
        except KaidanError as error:
            self._tell(Event(at, "look", str(error), error.exit_code))
            return
        self.lived.looks.append((at, watched))
        for matter in watched.matters:
            if matter.severity is not None and matter.key not in self.wrong:
                self.wrong.add(matter.key)
                self._tell(Event(at, "told", f"{matter.key}: {matter.text}"))
            elif matter.severity is None and matter.key in self.wrong:
                self.wrong.discard(matter.key)
                self._tell(Event(at, "over", f"{matter.key}: {matter.text}"))
        if watched.moved:
            self.bot.refresh()

    def _done(self, at: pd.Timestamp, what: str, done: Done) -> None:
        said = (done.err if done.code else done.out).strip().splitlines()
        self._tell(Event(at, what, said[-1] if said else "", done.code))
        self.bot.refresh()

    def _is_down(self, day: int) -> bool:
        week = self.quarter.story.registry_down
        return week is not None and 7 * week + _DOWN_FROM <= day < 7 * (week + 1) + _DOWN_UNTIL

    def _tell(self, event: Event) -> None:
        self.lived.events.append(event)
        exits = f" (exit {event.code})" if event.code else ""
        self.told(f"{event.at:%m-%d} {event.kind}{exits}: {event.text}")
