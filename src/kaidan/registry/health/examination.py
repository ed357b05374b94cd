"""What a check found, in one line, and what to do about it, in another."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

FIX = "kaidan doctor --fix"


class Health(StrEnum):
    """`warn`: worth knowing, but what is live answers as it should. `fail`: it may not."""

    ok = "ok"
    warn = "warn"
    fail = "fail"


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    name : str
        Of the check.
    level : int or None
        None when it is about no level.
    state : Health
    found : str
    do : str
        What to do now: a command, where one does it. `FIX`: the doctor mends it by itself.
    """

    name: str
    level: int | None
    state: Health
    found: str
    do: str = ""


@dataclass(frozen=True)
class Checkup:
    """All that was found."""

    findings: tuple[Finding, ...]

    @property
    def healthy(self) -> bool:
        """Nothing failed."""
        return all(finding.state is not Health.fail for finding in self.findings)

    def count(self, state: Health) -> int:
        """How many findings are in a state."""
        return sum(finding.state is state for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {"healthy": self.healthy, "findings": [asdict(one) for one in self.findings]}


def ok(name: str, level: int | None, found: str) -> Finding:
    """All is as it should be."""
    return Finding(name, level, Health.ok, found)


def warn(name: str, level: int | None, found: str, do: str) -> Finding:
    """Somebody should know."""
    return Finding(name, level, Health.warn, found, do)


def fail(name: str, level: int | None, found: str, do: str) -> Finding:
    """Something is broken."""
    return Finding(name, level, Health.fail, found, do)


def failed(name: str, level: int | None, error: Exception) -> Finding:
    """A check that could not be made: the error's last clause is what to do."""
    found, _, do = str(error).rpartition("; ")
    return fail(name, level, found or do, do)


def training(level: int) -> str:
    """The command that gives a level a new version."""
    return f"kaidan train --level {level}"
