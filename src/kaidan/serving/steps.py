"""What a ladder is made of at one moment; it is replaced as a whole and never changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from kaidan.serving.rung import Rung


@dataclass(frozen=True)
class Steps:
    """The levels of a ladder, live and in the shadow.

    Attributes
    ----------
    live : mapping of level to Rung or str
        In the order in which they are asked; a string says why the level cannot be asked.
    shadow : mapping of level to Rung or str
        Only levels that have a shadow.
    confirmed_at : str, ISO 8601 in UTC, or None
        Since when the registry has not said of all levels what is live; None: it never has.
    """

    live: Mapping[int, Rung | str]
    shadow: Mapping[int, Rung | str] = field(default_factory=dict)
    confirmed_at: str | None = None

    def __post_init__(self) -> None:
        for name in ("live", "shadow"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


@dataclass(frozen=True)
class Refresh:
    """What a refresh did.

    Attributes
    ----------
    swapped : dict of level to (int or None, int or None)
        Version that answered before and version that answers now, where they or their models
        differ; None is nobody.
    failed : dict of level to str
        Why a level could not be brought up to date: what it had before goes on.
    shadow_failed : dict of level to str
        Why a level has no shadow although it should.
    confirmed_at : str, ISO 8601 in UTC, or None
        See `Steps`.
    """

    swapped: dict[int, tuple[int | None, int | None]]
    failed: dict[int, str]
    shadow_failed: dict[int, str]
    confirmed_at: str | None

    def __str__(self) -> str:
        said = [
            f"level {level}: {_named(new)} instead of {_named(old)}"
            for level, (old, new) in self.swapped.items()
        ]
        said += [f"level {level}: not renewed, {why}" for level, why in self.failed.items()]
        said += [f"level {level}: no shadow, {why}" for level, why in self.shadow_failed.items()]
        return "\n".join(said) or "nothing new"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "swapped": [
                {"level": level, "before": old, "after": new}
                for level, (old, new) in self.swapped.items()
            ],
            "failed": _reasons(self.failed),
            "shadow_failed": _reasons(self.shadow_failed),
            "confirmed_at": self.confirmed_at,
        }


def swapped(
    before: Mapping[int, Rung | str], after: Mapping[int, Rung | str]
) -> dict[int, tuple[int | None, int | None]]:
    """Versions before and after, of the levels where another version or model answers."""
    old, new = _models(before), _models(after)
    return {
        level: (old.get(level, _NOBODY)[0], new.get(level, _NOBODY)[0])
        for level in after
        if old.get(level) != new.get(level)
    }


_NOBODY = (None, None)


def _models(steps: Mapping[int, Rung | str]) -> dict[int, tuple[int | None, str | None]]:
    return {
        level: (step.version, step.runtime.model_sha256)
        for level, step in steps.items()
        if isinstance(step, Rung)
    }


def _reasons(failed: Mapping[int, str]) -> list[dict[str, Any]]:
    return [{"level": level, "reason": why} for level, why in failed.items()]


def _named(version: int | None) -> str:
    return "nothing" if version is None else f"version {version}"
