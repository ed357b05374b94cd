"""What the gates once said of a version, from the history: to be told again, not asked again."""

from dataclasses import dataclass
from typing import Any

from kaidan.registry import journal
from kaidan.registry.record import Move, State
from kaidan.registry.store import Version


@dataclass(frozen=True)
class Ruling:
    """The first decision about a version.

    Attributes
    ----------
    version : Version
    record : int
        Of the history.
    move : Move
        What it did to the version's level.
    """

    version: Version
    record: int
    move: Move

    @property
    def went_live(self) -> bool:
        """The version was in Production then."""
        return self.move.after == self.version.number

    @property
    def refused_by(self) -> list[str]:
        """Names of the checks that block."""
        return [name for name, (_, _, mark) in self.checks.items() if mark == "BLOCK"]

    @property
    def checks(self) -> dict[str, list[str]]:
        """Value, what was wanted, and verdict, by name."""
        found: dict[str, list[str]] = self.move.decision.get("checks", {})
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            "level": self.version.level,
            "version": self.version.number,
            "model_sha256": self.version.tag("model_sha256"),
            "verdict": self.move.verdict,
            "live": self.went_live,
            "before": self.move.before,
            "record": self.record,
            "refused_by": self.refused_by,
            "checks": self.checks,
            "notes": self.move.decision.get("notes", []),
        }


def ruling_on(version: Version) -> Ruling | None:
    """The first decision about a version; None while there is none."""
    found = None
    for record in journal.newest_first():
        if record.began_ms < version.created_ms:
            break
        move = record.move(version.level)
        over = record.state in (State.done, State.refused)
        if over and move is not None and version.number in (move.candidate, move.after):
            found = Ruling(version, record.number, move)
    return found
