"""An answer that explains itself: which level spoke, and why those above it did not."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from kaidan.signal import Signal


class Probabilities(NamedTuple):
    """Chances of the three signals, in the order of `Signal`."""

    sell: float
    hold: float
    buy: float


@dataclass(frozen=True)
class Attempt:
    """A level that was asked and could not answer."""

    level: int
    reason: str

    def __str__(self) -> str:
        return f"level {self.level}: {self.reason}"


@dataclass(frozen=True)
class Prediction:
    """One decision.

    Attributes
    ----------
    signal : Signal
    confidence : float
        Probability of the signal, 0 to 1; 0 when no model spoke, so that whoever weighs the
        answer abstains.
    probabilities : Probabilities
    level : int or None
        The level that answered; None when it was the dummy.
    attempts : tuple of Attempt
        The levels above it, with the reason why each was out.
    """

    signal: Signal
    confidence: float
    probabilities: Probabilities
    level: int | None
    attempts: tuple[Attempt, ...] = ()

    def __str__(self) -> str:
        who = "dummy" if self.level is None else f"level {self.level}"
        lines = [f"{self.signal.name} with confidence {self.confidence:.3f} from {who}"]
        return "\n".join(lines + [f"  {attempt}" for attempt in self.attempts])

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for a journal or `--json`."""
        return {
            "signal": self.signal.name,
            "confidence": self.confidence,
            "probabilities": self.probabilities._asdict(),
            "level": self.level,
            "attempts": [{"level": a.level, "reason": a.reason} for a in self.attempts],
        }
