"""Many tellings, few letters: repeats are counted, and a flood is told as one summary.

Criticals are folded, too, while the same matter was told minutes ago, but never held back.
"""

from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from typing import Any

from kaidan.bot.alerts.message import Letter, clock, cut
from kaidan.bot.alerts.outbox import Outbox
from kaidan.bot.alerts.severity import Severity, Telling
from kaidan.bot_settings import AlertSettings

_MAX_SUMMARY_LINES = 8
_MAX_SUMMARY_LINE = 150


@dataclass(frozen=True)
class Matter:
    """What is known of a matter at one severity.

    Attributes
    ----------
    key : str
    severity : Severity
    text : str
        What was said last.
    told_at : float or None
        When the last letter about it was made.
    open : bool
        Whether its readers believe that it lasts.
    number : int
        Tellings since the last letter, the first of them at `since`.
    since : float or None
    held : bool
        Held back, as too much was told within the hour.
    closing : str or None
        It is over, which is told with the next letter.
    """

    key: str
    severity: Severity
    text: str
    told_at: float | None = None
    open: bool = False
    number: int = 0
    since: float | None = None
    held: bool = False
    closing: str | None = None

    @property
    def counted(self) -> str:
        """The text, how often it was told without a letter, and whether it is over."""
        text = self.text
        if self.since is not None and (self.number > 1 or self.told_at is not None):
            often = f"+{self.number} more" if self.told_at is not None else f"{self.number} times"
            text += f" ({often} since {clock(self.since)})"
        return text if self.closing is None else f"{text}; since then: {self.closing}"


class Folding:
    """Makes letters of tellings.

    Parameters
    ----------
    outbox : Outbox
    settings : AlertSettings
    log_only : bool
        No receiver is known: letters are done when they are logged.
    """

    def __init__(self, outbox: Outbox, settings: AlertSettings, *, log_only: bool) -> None:
        self._outbox = outbox
        self._settings = settings
        self._log_only = log_only

    def fold(self, tellings: Iterable[Telling], now: float) -> list[Letter]:
        """Take tellings in; the letters that they and the time make due.

        To be called inside `Outbox.at_once`.

        Parameters
        ----------
        tellings : iterable of Telling
        now : float, in epoch seconds
        """
        made = [
            self._settle(telling, now)
            if telling.severity is None
            else self._tell(telling, telling.severity, now)
            for telling in tellings
        ]
        made += [
            self._say(matter, now, now)
            for matter in self._matters("number > 0 AND NOT held")
            if not self._told_lately(matter, now)
        ]
        made += [self._summary(severity, now) for severity in (Severity.warning, Severity.info)]
        return [letter for letter in made if letter is not None]

    def unsettled(self) -> set[str]:
        """Keys of the matters that somebody may have to be told the end of."""
        return {matter.key for matter in self._matters("open OR number > 0")}

    def _tell(self, telling: Telling, severity: Severity, now: float) -> Letter | None:
        matter = self._find(telling.key, severity) or Matter(telling.key, severity, telling.text)
        lately = self._told_lately(matter, telling.at)
        if not matter.number and not lately:
            matter = replace(matter, told_at=None)
        matter = replace(
            matter,
            text=telling.text,
            number=matter.number + 1,
            since=matter.since or telling.at,
            closing=None,
        )
        if matter.held or lately:
            self._keep(matter)
            return None
        return self._say(matter, telling.at, now)

    def _settle(self, telling: Telling, now: float) -> Letter | None:
        believed = False
        missed = 0
        for matter in self._matters("key = ?", telling.key):
            if matter.open:
                believed = True
                missed += matter.number
                # A critical matter that comes back is news; a warning that flaps is counted.
                told_at = None if matter.severity is Severity.critical else matter.told_at
                self._keep(Matter(matter.key, matter.severity, matter.text, told_at))
            elif matter.number:
                self._keep(replace(matter, closing=telling.text))
        if not believed:
            return None
        counted = f" (+{missed} more meanwhile)" if missed else ""
        over = Matter(
            f"{telling.key} is over",
            Severity.info,
            telling.text + counted,
            number=1,
            since=telling.at,
        )
        return self._say(over, telling.at, now, lasts=False)

    def _say(self, matter: Matter, at: float, now: float, *, lasts: bool = True) -> Letter | None:
        if self._too_many(matter.severity, now):
            self._keep(replace(matter, held=True))
            return None
        self._keep(_told(matter, at, lasts=lasts))
        return self._letter(matter.severity, matter.counted, at, now)

    def _summary(self, severity: Severity, now: float) -> Letter | None:
        held = self._matters("held AND severity = ?", severity)
        if not held or self._too_many(severity, now):
            return None
        for matter in held:
            self._keep(_told(matter, now, lasts=True))
        lines = [cut(matter.counted, _MAX_SUMMARY_LINE) for matter in held[:_MAX_SUMMARY_LINES]]
        if len(held) > len(lines):
            lines.append(f"and {len(held) - len(lines)} other matters")
        head = f"{severity.name}s held back: {sum(matter.number for matter in held)}"
        return self._letter(severity, "\n".join([head, *lines]), now, now)

    def _letter(self, severity: Severity, text: str, at: float, now: float) -> Letter:
        return self._outbox.add(severity, text, at=at, now=now, done=self._log_only)

    def _too_many(self, severity: Severity, now: float) -> bool:
        if severity is Severity.critical:
            return False
        limits = {
            Severity.warning: self._settings.max_warnings_per_hour,
            Severity.info: self._settings.max_infos_per_hour,
        }
        return self._outbox.made_lately(severity, now) >= limits[severity]

    def _told_lately(self, matter: Matter, now: float) -> bool:
        repeat_seconds: float = getattr(self._settings.repeat_seconds, matter.severity.name)
        # Never before the clock was set back counts as lately.
        return matter.told_at is not None and 0 <= now - matter.told_at < repeat_seconds

    def _find(self, key: str, severity: Severity) -> Matter | None:
        found = self._matters("key = ? AND severity = ?", key, severity)
        return found[0] if found else None

    def _matters(self, condition: str, *values: object) -> list[Matter]:
        rows: Iterable[tuple[Any, ...]] = self._outbox.db.execute(
            f"SELECT * FROM matter WHERE {condition} ORDER BY severity DESC, since",  # noqa: S608
            values,
        )
        return [
            Matter(key, Severity(level), text, at, bool(is_open), number, since, bool(held), end)
            for key, level, text, at, is_open, number, since, held, end in rows
        ]

    def _keep(self, matter: Matter) -> None:
        self._outbox.db.execute(
            "INSERT OR REPLACE INTO matter VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", astuple(matter)
        )


def _told(matter: Matter, at: float, *, lasts: bool) -> Matter:
    lasts = lasts and matter.closing is None
    return Matter(matter.key, matter.severity, matter.text, told_at=at, open=lasts)
