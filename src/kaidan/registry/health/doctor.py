"""The checks of the registry: what must hold between history, aliases, stages and artifacts."""

from kaidan.errors import RegistryError
from kaidan.features.contract import LEVELS
from kaidan.registry.health.agreement import check_agreement
from kaidan.registry.health.examination import (
    FIX,
    Finding,
    Health,
    fail,
    failed,
    ok,
    training,
    warn,
)
from kaidan.registry.health.leftovers import check_records, check_runs, check_unjudged
from kaidan.registry.health.overview import Overview, look
from kaidan.registry.health.reach import check_store
from kaidan.registry.health.soundness import check_version, first_sound, way_back
from kaidan.registry.record import Record, State
from kaidan.registry.rollback import steps_back
from kaidan.registry.store import Version, live_version, versions_of
from kaidan.settings import Settings

HISTORY = "history"
NOTHING_LIVE = "production"


def examine(settings: Settings) -> list[Finding]:
    """Check the store and all that is in it; nothing is written.

    Returns
    -------
    list of Finding
        First of the store; if that is a failure, there is no other.
    """
    reached = check_store()
    if reached.state is Health.fail:
        return [reached]
    try:
        before = look(LEVELS)
        found = _examine(before, settings)
        if any(one.state is Health.fail for one in found) and (now := look(LEVELS)) != before:
            # Somebody moved what was being looked at.
            found = _examine(now, settings)
    except RegistryError as error:
        found = [failed(HISTORY, None, error)]
    return [reached, *found]


def _examine(overview: Overview, settings: Settings) -> list[Finding]:
    found = [one for level in LEVELS for one in _level(level, overview, settings)]
    if sum(one.name == NOTHING_LIVE for one in found) == len(LEVELS):
        nothing = fail(NOTHING_LIVE, None, "nothing is live", "kaidan train --level all")
        found = [nothing, *(one for one in found if one.name != NOTHING_LIVE)]
    return [*check_records(overview.open_records, settings), *found, *check_runs()]


def _level(level: int, overview: Overview, settings: Settings) -> list[Finding]:
    try:
        versions = versions_of(level)
        found = _live(level, versions, overview, settings)
        return [*found, *check_unjudged(level, versions)]
    except RegistryError as error:
        return [failed(HISTORY, level, error)]


def _live(
    level: int, versions: list[Version], overview: Overview, settings: Settings
) -> list[Finding]:
    steps = steps_back(level)
    first, standing = next(steps, None), overview.standing[level]
    if first is None or standing is None:
        return _unknown(level, settings)
    sound, refused = first_sound(level, steps, settings)
    otherwise = training(level) if sound is None else FIX
    back = way_back(level, sound, refused)
    live = next((one for one in versions if one.number == first.version), None)
    if live is None:
        said = f"version {first.version}, live since record {standing.number}, was deleted"
        return [fail(HISTORY, level, said, otherwise), back]
    agreement = check_agreement(level, versions, live.number, first.previous, settings)
    mover = _mover(level, overview)
    return [
        ok(HISTORY, level, f"version {live.number} is live, {_by_whom(standing)}"),
        *(agreement if mover is None else [_under_way(one, mover) for one in agreement]),
        *check_version(live, settings, otherwise=otherwise),
        back,
    ]


def _unknown(level: int, settings: Settings) -> list[Finding]:
    """Findings on a level of which the history says nothing."""
    live = live_version(level)
    if live is None:
        # The ladder goes past a level that was never live: the gates may have refused it.
        return [warn(NOTHING_LIVE, level, "nothing was ever live", training(level))]
    said = f"version {live.number} is live, and the history does not say since when"
    return [
        warn(HISTORY, level, said, FIX),
        *check_version(live, settings, otherwise=training(level)),
    ]


def _by_whom(record: Record) -> str:
    at = record.ended_at[:16].replace("T", " ")
    return f"since {at} UTC by {record.owner.name} ({record.action}, record {record.number})"


def _mover(level: int, overview: Overview) -> Record | None:
    """Who is alive, and moving this level right now."""
    return next(
        (
            record
            for record in overview.open_records
            if record.state is State.moving
            and level in record.levels
            and not record.owner.is_dead()
        ),
        None,
    )


def _under_way(finding: Finding, mover: Record) -> Finding:
    if finding.state is not Health.fail:
        return finding
    wait = f"kaidan doctor, once record {mover.number} is done"
    return warn(finding.name, finding.level, f"{finding.found}; it is being moved", wait)
