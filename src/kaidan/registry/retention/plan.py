"""Which versions of a level may be deleted, and why each of the others is kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kaidan.registry.store import PREVIOUS_ALIAS, PRODUCTION, PRODUCTION_ALIAS, Version
from kaidan.registry.verification import LEGACY

DAY_MS = 24 * 60 * 60 * 1000
# A version is judged minutes after it is registered, unless its training was killed in between.
_JUDGED_WITHIN_MS = DAY_MS


@dataclass(frozen=True)
class Held:
    """What the registry holds on to at a level.

    Attributes
    ----------
    live, previous : int or None
        By the history: the live version, and the one that a rollback goes back to.
    aliases : mapping of alias to version
    under_way : mapping of version to the number of an open record that names it
    """

    live: int | None = None
    previous: int | None = None
    aliases: Mapping[str, int] = field(default_factory=dict)
    under_way: Mapping[int, int] = field(default_factory=dict)

    def is_live(self, version: Version) -> bool:
        """By alias, by stage or by the history; should they disagree, all of them are."""
        return (
            version.number in (self.live, self.aliases.get(PRODUCTION_ALIAS))
            or version.stage == PRODUCTION
        )

    def is_previous(self, version: Version) -> bool:
        """A rollback goes back to it."""
        return version.number in (self.previous, self.aliases.get(PREVIOUS_ALIAS))


@dataclass(frozen=True)
class Verdict:
    """What is to become of a version, and why."""

    version: Version
    kept: bool
    why: str


def plan(
    versions: Sequence[Version],
    held: Held,
    verifies: Callable[[Version], bool],
    *,
    keep: int,
    older_than_days: int | None,
    now_ms: int,
) -> tuple[Verdict, ...]:
    """Decide for every version of one level whether it is kept.

    Kept are the newest `keep`, what is live, what a rollback goes back to, and the newest other
    version that passed the gates or was put live, and still verifies (all such while none does);
    also what somebody holds on to by an alias, by a stage or in a move that is under way, and what
    has no model of kaidan's.

    Parameters
    ----------
    versions : sequence of Version
        All of the level.
    held : Held
    verifies : callable
        Reads a version back; asked only when something is to be deleted, newest first.
    keep : int
        At least 1; imported history does not count.
    older_than_days : int, optional
        Keep all that were registered within so many days.
    now_ms : int
        Milliseconds since the epoch.

    Returns
    -------
    tuple of Verdict
        Newest first.
    """
    ordered = sorted(versions, key=lambda version: version.number, reverse=True)
    newest = {version.number for version in list(filter(_has_model, ordered))[:keep]}
    verdicts = []
    for version in ordered:
        why = _held_for(version, held)
        if not why and version.number in newest:
            why = f"one of the newest {keep}"
        why = why or _too_young(version, older_than_days, now_ms)
        verdicts.append(Verdict(version, bool(why), why or _given_up(keep, older_than_days)))
    if all(verdict.kept for verdict in verdicts):
        return tuple(verdicts)
    return _with_a_verified_one(verdicts, held, verifies)


def _has_model(version: Version) -> bool:
    return "model_sha256" in version.tags


def _held_for(version: Version, held: Held) -> str:
    names = sorted(alias for alias, number in held.aliases.items() if number == version.number)
    reasons = {
        "live": held.is_live(version),
        "a rollback goes back to it": held.is_previous(version),
        f"has the alias {', '.join(names)}": bool(names),
        f"its stage is {version.stage}": version.stage not in ("None", "Archived"),
        f"record {held.under_way.get(version.number)} is under way": version.number
        in held.under_way,
        "imported history: no bytes to free": version.tags.get("verdict") == LEGACY,
        "not registered by kaidan": not _has_model(version),
    }
    return next((why for why, holds in reasons.items() if holds), "")


def _too_young(version: Version, older_than_days: int | None, now_ms: int) -> str:
    age_ms = now_ms - version.created_ms
    if older_than_days is not None and age_ms <= older_than_days * DAY_MS:
        return f"not older than {_days(older_than_days)}"
    if version.tags.get("verdict") == "not judged" and age_ms <= _JUDGED_WITHIN_MS:
        return "not judged yet"
    return ""


def _given_up(keep: int, older_than_days: int | None) -> str:
    age = "" if older_than_days is None else f", older than {_days(older_than_days)}"
    return f"not one of the newest {keep}{age}"


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"


def _with_a_verified_one(
    verdicts: list[Verdict], held: Held, verifies: Callable[[Version], bool]
) -> tuple[Verdict, ...]:
    """The same verdicts, but for the last verified version."""
    good = [
        verdict
        for verdict in verdicts
        if _was_good(verdict.version)
        and not held.is_live(verdict.version)
        and not held.is_previous(verdict.version)
    ]
    last = next((verdict for verdict in good if verifies(verdict.version)), None)
    if last is None:
        # They may be whole, and the place where their files are kept not.
        saved, why = good, "was good, and none of its kind verifies now"
    else:
        saved, why = [last], "the last verified one, beside what is live and before it"
    return tuple(
        replace(verdict, kept=True, why=why) if verdict in saved and not verdict.kept else verdict
        for verdict in verdicts
    )


def _was_good(version: Version) -> bool:
    """It passed the gates or was live, and was verified for that."""
    return "promoted_at" in version.tags or version.tags.get("verdict") == "promotable"
