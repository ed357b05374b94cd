"""How urgent a matter is, and what is said about one."""

import threading
from dataclasses import dataclass, field
from enum import IntEnum


class Severity(IntEnum):
    """The larger, the sooner it is told; a critical one is never dropped."""

    info = 1
    warning = 2
    critical = 3


@dataclass(frozen=True)
class Telling:
    """One call of `Alerts.tell` or `Alerts.settle`.

    Attributes
    ----------
    at : float, in epoch seconds
    severity : Severity or None
        None: the matter is over.
    key : str
        Names the matter; tellings of one matter are folded.
    text : str
    saved : Event
        Set when a kill no longer loses it.
    """

    at: float
    severity: Severity | None
    key: str
    text: str
    saved: threading.Event = field(default_factory=threading.Event, compare=False)
