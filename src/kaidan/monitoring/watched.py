"""What a look at a journal found, and what of it people should know."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kaidan.bot.alerts.severity import Severity
from kaidan.bot.watcher import Matter
from kaidan.monitoring.canary import CanaryVerdict
from kaidan.monitoring.drift import DriftReport
from kaidan.monitoring.live_scores import LiveScores
from kaidan.monitoring.taking_back import TakenBack


@dataclass(frozen=True)
class LevelWatched:
    """A live version.

    Attributes
    ----------
    level, version : int
    n_bars : int
        That it answered, of all in the journal.
    scores, shadow : LiveScores or None
        Its own, and those of the version that was asked beside it; None before there are enough.
    drift : DriftReport
    canary : CanaryVerdict or None
        None: it is not newly promoted.
    taken_back : TakenBack or None
        What was done about a canary that fails; None when nothing was to be done.
    """

    level: int
    version: int
    n_bars: int
    scores: LiveScores | None
    shadow: LiveScores | None
    drift: DriftReport
    canary: CanaryVerdict | None
    taken_back: TakenBack | None

    @property
    def matters(self) -> Iterator[Matter]:
        """What people should know, and what is over."""
        who = f"level {self.level} version {self.version}"
        drifted = Severity.warning if self.drift.verdict == "drifted" else None
        yield Matter(f"drift {self.level}", drifted, f"{who}: {self.drift}")
        poor = self.scores is not None and self.scores.worse_than_prior
        said = f"{who}: {self.scores or 'too few labels are known to score it'}"
        yield Matter(f"skill {self.level}", Severity.warning if poor else None, said)
        failing = self.canary is not None and self.canary.fails
        if self.taken_back is not None:
            said = str(self.taken_back)
        elif self.canary is not None:
            said = str(self.canary)
        else:
            said = f"{who} is live and under no watch"
        yield Matter(f"canary {self.level}", Severity.critical if failing else None, said)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "level": self.level,
            "version": self.version,
            "n_bars": self.n_bars,
            "scores": self.scores and self.scores.to_dict(),
            "shadow": self.shadow and self.shadow.to_dict(),
            "drift": self.drift.to_dict(),
            "canary": self.canary and self.canary.to_dict(),
            "taken_back": self.taken_back and self.taken_back.to_dict(),
        }


@dataclass(frozen=True)
class Watched:
    """All live versions.

    Attributes
    ----------
    journal : Path
    levels : tuple of LevelWatched
        Those that have a version in Production.
    """

    journal: Path
    levels: tuple[LevelWatched, ...]

    @property
    def matters(self) -> list[Matter]:
        """What people should know, and what is over."""
        return [matter for one in self.levels for matter in one.matters]

    @property
    def moved(self) -> bool:
        """Something else is live now."""
        return any(one.taken_back is not None and one.taken_back.moved for one in self.levels)

    @property
    def fails(self) -> bool:
        """A version fails its canary and is live still."""
        return any(
            one.canary is not None
            and one.canary.fails
            and not (one.taken_back is not None and one.taken_back.moved)
            for one in self.levels
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            "journal": str(self.journal),
            "moved": self.moved,
            "levels": [one.to_dict() for one in self.levels],
        }
