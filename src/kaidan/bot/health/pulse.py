"""Whether the loop lives and could decide on the next bar: facts with their time, no constants."""

import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from kaidan.market.bar import BAR_SECONDS

# The newest closed bar is one bar old just before the next one closes; then it has to come.
MAX_DATA_AGE_SECONDS = 2 * BAR_SECONDS


@dataclass(frozen=True)
class Facts:
    """What the loop knows of itself; every time is a datetime with a zone, or None.

    Attributes
    ----------
    n_bars, warmup_bars : int
        Bars that are there, and those that features need.
    closed_at : datetime
        Close of the newest bar that was decided on.
    decided_at : datetime
    level : int or None
        Which answered; None: the dummy, or nobody yet.
    signal : str
    confidence : float
    model_created : dict of level to datetime
        Of the loaded versions.
    versions : dict of level to int
    confirmed_at : datetime
        When the registry last said what is live.
    troubles : dict of str to str
        What is wrong just now, by what it is wrong with.
    """

    n_bars: int = 0
    warmup_bars: int = 1
    closed_at: datetime | None = None
    decided_at: datetime | None = None
    level: int | None = None
    signal: str = ""
    confidence: float = 0.0
    model_created: dict[int, datetime] = field(default_factory=dict)
    versions: dict[int, int] = field(default_factory=dict)
    confirmed_at: datetime | None = None
    troubles: dict[str, str] = field(default_factory=dict)


class Pulse:
    """Facts that the loop writes and the health server reads, each whole.

    Parameters
    ----------
    max_silence_seconds : float
        Without a beat for so long, the loop counts as stuck.
    """

    def __init__(self, max_silence_seconds: float) -> None:
        self._max_silence_seconds = max_silence_seconds
        self._lock = threading.Lock()
        self._beat = time.monotonic()
        self._facts = Facts()

    def beat(self) -> None:
        """Show life: the loop calls it every time round."""
        self._beat = time.monotonic()

    def set(self, **changes: Any) -> None:
        """Replace some of the facts."""
        with self._lock:
            self._facts = replace(self._facts, **changes)

    @property
    def facts(self) -> Facts:
        """All of them, of one moment."""
        return self._facts

    @property
    def silence_seconds(self) -> float:
        """Since the last beat."""
        return time.monotonic() - self._beat

    def report(self, now: datetime | None = None) -> dict[str, Any]:
        """What `/healthz` answers.

        Parameters
        ----------
        now : datetime with a zone, optional
            Default: the clock.

        Returns
        -------
        dict
            `live`, `ready`, `not_live` and `not_ready` (why), and the facts with their ages.
        """
        now = datetime.now(UTC) if now is None else now
        facts = self._facts
        not_live, not_ready = self._stuck(), self._unready(facts, now)
        return {
            "live": not not_live,
            "ready": not (not_live or not_ready),
            "not_live": not_live,
            "not_ready": not_ready,
            "level": facts.level,
            "signal": facts.signal,
            "confidence": facts.confidence,
            "versions": facts.versions,
            "decided_at": _iso(facts.decided_at),
            "data_age_seconds": age_seconds(facts.closed_at, now),
            "model_age_seconds": {
                level: age_seconds(created, now) for level, created in facts.model_created.items()
            },
            "registry_age_seconds": age_seconds(facts.confirmed_at, now),
            "silence_seconds": round(self.silence_seconds, 3),
            "troubles": facts.troubles,
        }

    def _stuck(self) -> list[str]:
        silence = self.silence_seconds
        if silence <= self._max_silence_seconds:
            return []
        return [
            f"the loop has shown no life for {silence:.0f} s "
            f"(more than {self._max_silence_seconds:g} s)"
        ]

    @staticmethod
    def _unready(facts: Facts, now: datetime) -> list[str]:
        why = []
        if facts.n_bars < facts.warmup_bars:
            why.append(f"warming up: {facts.n_bars} of {facts.warmup_bars} bars")
        if not facts.versions:
            why.append("no level is loaded")
        data_age = age_seconds(facts.closed_at, now)
        if data_age is None:
            why.append("nothing is decided yet")
        elif data_age > MAX_DATA_AGE_SECONDS:
            why.append(f"the newest bar closed {data_age:.0f} s ago")
        elif facts.level is None:
            why.append("no level could answer the newest bar")
        return why


def age_seconds(time: datetime | None, now: datetime) -> float | None:
    """Seconds from `time` to `now`; None where there is no `time`."""
    return None if time is None else round((now - time).total_seconds(), 3)


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
