"""A decision that explains itself: in a terminal, as markdown, as a file."""

from dataclasses import asdict, dataclass
from typing import Any

from kaidan.settings import GatesSettings


@dataclass(frozen=True)
class Check:
    """One check on a candidate.

    Attributes
    ----------
    name : str
        A key of `checks` in `gates.yaml`.
    measured : str
        What `value` is, in words.
    value, threshold : float
    side : str
        `above`, `at least` or `at most`: where of the threshold a candidate passes.
    severity : str
        `block` or `warn`.
    passed : bool
    reason : str
        Why it is asked for.
    """

    name: str
    measured: str
    value: float
    side: str
    threshold: float
    severity: str
    passed: bool
    reason: str

    @property
    def mark(self) -> str:
        """How the check is shown in one word."""
        if self.passed:
            return "pass"
        return "BLOCK" if self.severity == "block" else "warn"

    @property
    def wanted(self) -> str:
        """What a candidate needs to pass."""
        return f"{self.side} {self.threshold:g}"


@dataclass(frozen=True)
class Decision:
    """All checks on a candidate, against the champion where there is one.

    Attributes
    ----------
    candidate : int
        Version that is judged.
    champion : int or None
        Version that was live then; None when none was.
    profile : str
        Of the gates.
    checks : tuple of Check
    notes : tuple of str
        What a reader must know beside the checks, a sentence each.
    """

    candidate: int
    champion: int | None
    profile: str
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """No blocking check says no."""
        return not self.blocking

    @property
    def verdict(self) -> str:
        """`promotable` or `refused`."""
        return "promotable" if self.passed else "refused"

    @property
    def blocking(self) -> tuple[Check, ...]:
        """Checks that refuse the candidate."""
        return tuple(check for check in self.checks if check.mark == "BLOCK")

    @property
    def warnings(self) -> tuple[Check, ...]:
        """Checks that it misses without being refused."""
        return tuple(check for check in self.checks if check.mark == "warn")

    @property
    def refusals(self) -> str:
        """What blocks, in one line."""
        return "; ".join(
            f"{check.name} is {check.value:.4g}, wanted {check.wanted}" for check in self.blocking
        )

    def __str__(self) -> str:
        against = "no champion" if self.champion is None else f"champion version {self.champion}"
        lines = [f"version {self.candidate}: {self.verdict} ({self.profile} gates, {against})"]
        lines += [
            f"  {c.mark:<5} {c.name:<26} {c.value:>10.4g}  wanted {c.wanted:<15} {c.measured}"
            for c in self.checks
        ]
        return "\n".join(lines + [f"  {note}" for note in self.notes])

    def to_markdown(self) -> str:
        """Notes and a table, for a version's description."""
        lines = [
            "| check | measured | value | wanted | verdict | why it is asked |",
            "|---|---|---|---|---|---|",
        ]
        lines += [
            f"| {c.name} | {c.measured} | {c.value:.4g} | {c.wanted} | {c.mark} | {c.reason} |"
            for c in self.checks
        ]
        return "\n".join([*(f"- {note}" for note in self.notes), "", *lines])

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for an artifact."""
        return {
            "verdict": self.verdict,
            "candidate": self.candidate,
            "champion": self.champion,
            "profile": self.profile,
            "checks": [asdict(check) | {"mark": check.mark} for check in self.checks],
            "notes": list(self.notes),
        }

    def to_record(self) -> dict[str, Any]:
        """What the history keeps of it."""
        return {
            "profile": self.profile,
            "champion": self.champion,
            "checks": {c.name: [f"{c.value:.4g}", c.wanted, c.mark] for c in self.checks},
            "notes": list(self.notes),
        }

    def to_tags(self) -> dict[str, str]:
        """What a version carries of it, to be searched for."""
        found = next(check for check in self.checks if check.name == "direction")
        return {
            "refused_by": ", ".join(check.name for check in self.blocking) or "none",
            "warned_by": ", ".join(check.name for check in self.warnings) or "none",
            "direction": "found" if found.passed else "not found",
            "judged_against": "none" if self.champion is None else str(self.champion),
            "gates_profile": self.profile,
        }


def check(name: str, measured: str, value: float, side: str, settings: GatesSettings) -> Check:
    """Hold one value against its threshold. What is not a number passes nothing."""
    chosen = getattr(settings.checks, name)
    passed = {
        "above": value > chosen.threshold,
        "at least": value >= chosen.threshold,
        "at most": value <= chosen.threshold,
    }[side]
    return Check(
        name,
        measured,
        value,
        side,
        chosen.threshold,
        settings.severity(name),
        passed,
        chosen.reason,
    )
