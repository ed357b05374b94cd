"""Doing what a record says: stage, aliases, tags, description of each level; or taking it back.

Every step may be repeated, so a record whose owner was killed can be carried out by anyone.
"""

import logging
from datetime import UTC, datetime

from kaidan.errors import RegistryError, StoreError
from kaidan.registry import journal
from kaidan.registry.history import keep_as_artifact
from kaidan.registry.record import Action, Move, Record, State
from kaidan.registry.store import (
    clear_live,
    describe_level,
    get_version,
    set_live,
    set_tags,
)
from kaidan.registry.verification import verify
from kaidan.settings import Settings

_log = logging.getLogger(__name__)


def carry_out(record: Record, settings: Settings) -> Record:
    """Do what `record` says; all of its levels move, or none.

    Parameters
    ----------
    record : Record
        In state `moving`, written, its versions verified.
    settings : Settings

    Raises
    ------
    RegistryError
        A version is gone, and all was taken back; or the store cannot be written to, and the next
        command that changes the registry will finish this.
    """
    changing = [move for move in record.moves if move.changes]
    try:
        for move in changing:
            _forward(move, record, settings)
    except RegistryError as error:
        try:
            _take_back(record, str(error), settings)
        except RegistryError:
            raise RegistryError(
                f"{error}; record {record.number} of {journal.HISTORY} is half done, the next "
                "command that can write finishes it"
            ) from error
        raise
    return close(record, State.done)


def finish(record: Record, by: int, settings: Settings) -> Record:
    """Carry out, or take back, what its owner was killed over.

    Parameters
    ----------
    record : Record
        Open; its owner is dead, and nobody else is at it.
    by : int
        Number of the record whose owner finishes it.
    settings : Settings
    """
    if record.state is State.waiting:
        done = f"{record.said}; cut off" if record.said else "cut off before anything was moved"
        return close(record, State.abandoned, done)
    try:
        for move in record.moves:
            if move.changes and move.after is not None:
                verify(get_version(move.level, move.after), settings)
    except RegistryError as error:
        return _take_back(record, str(error), settings)
    return carry_out(
        record.with_(said=f"{record.said}; cut off, finished by record {by}"), settings
    )


def close(record: Record, state: State, said: str = "") -> Record:
    """Write how a record ended, and show it in MLflow's pages."""
    closed = journal.write(
        record.with_(
            state=state,
            said=said or record.said,
            ended_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )
    )
    try:
        keep_as_artifact(closed)
    except RegistryError as error:
        # The records are the history; what pages show of it is made anew by the next one.
        _log.warning("the pages of the history are not up to date: %s", error)
    return closed


def _forward(move: Move, record: Record, settings: Settings) -> None:
    assert move.after is not None  # noqa: S101  # a move never ends with nothing live
    version = get_version(move.level, move.after)
    set_live(version, move.previous, stages=settings.bot.registry.stages)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    if record.action is Action.promotion:
        tags = {"promoted_at": now, "verdict": move.verdict}
        if move.before is not None:
            tags["replaced_version"] = str(move.before)
        if record.reason:
            tags["promotion_reason"] = record.reason
        set_tags(version, tags)
    describe_level(move.level, _page(move, record, now))


def _take_back(record: Record, why: str, settings: Settings) -> Record:
    for move in record.moves:
        if not move.changes:
            continue
        if move.before is None:
            clear_live(move.level, stages=settings.bot.registry.stages)
            continue
        try:
            before = get_version(move.level, move.before)
        except StoreError:
            raise
        except RegistryError as error:
            # Neither is there: nothing is live, and this record must not stand in the way.
            why = f"{why}; {error}"
            continue
        earlier = journal.standing(move.level)
        was = earlier.made_live(move.level) if earlier else None
        set_live(before, was.previous if was else None, stages=settings.bot.registry.stages)
        describe_level(
            move.level,
            f"**Live: version {move.before}**. Version {move.after} was not put live: {why}",
        )
    return close(record, State.undone, f"taken back: {why}")


def _page(move: Move, record: Record, now: str) -> str:
    instead = "" if move.before is None else f", instead of version {move.before}"
    why = record.reason or record.said
    lines = [
        f"**Live: version {move.after}**{instead}, since {now}, by {record.owner.name}: "
        f"{record.action}, {why}.",
        "",
        *(f"- {note}" for note in move.decision.get("notes", ())),
    ]
    checks = move.decision.get("checks", {})
    if checks:
        lines += ["", "| check | value | wanted | verdict |", "|---|---|---|---|"]
        lines += [
            f"| {name} | {value} | {wanted} | {mark} |"
            for name, (value, wanted, mark) in checks.items()
        ]
    return "\n".join(
        [
            *lines,
            "",
            f"All moves: `kaidan history --level {move.level}`, or "
            f"[{journal.HISTORY}](#/models/{journal.HISTORY}).",
        ]
    )
