"""The history, to be read: what was live when, why, by whom, on which gates."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from mlflow import MlflowClient

from kaidan.registry import journal
from kaidan.registry.record import Record, State
from kaidan.registry.store import store_errors

ARTIFACT_ROWS = 100


@dataclass(frozen=True)
class Entry:
    """What one record says of one level.

    Attributes
    ----------
    record, level : int
    at : str
        When it ended, ISO 8601 in UTC; empty while it is under way.
    what : str
        `promotion`, `refusal`, `rollback`, `found`, ...; with its state where that is no success.
    before, after, candidate : int or None
        Version that was live, that was live then, that was judged.
    by : str
    gates : str
        Profile, how many checks passed, and which did not.
    why : str
    decision, facts : dict
        Of the candidate.
    """

    record: int
    level: int
    at: str
    what: str
    before: int | None
    after: int | None
    candidate: int | None
    by: str
    gates: str
    why: str
    decision: dict[str, Any]
    facts: dict[str, str]


def entries(level: int | None = None, *, last: int | None = None) -> list[Entry]:
    """The newest entries of a level, or of all, newest first.

    Parameters
    ----------
    level : int, optional
    last : int, optional
        How many; default: all of them.
    """
    found = (
        entry
        for record in journal.newest_first()
        for entry in _entries(record)
        if level in (None, entry.level)
    )
    return list(islice(found, last))


def live_at(level: int, when: datetime) -> Entry | None:
    """The entry that made live what was live at a time; None when nothing was.

    Parameters
    ----------
    level : int
    when : datetime, with a time zone
    """
    for record in journal.newest_first():
        if record.made_live(level) and datetime.fromisoformat(record.ended_at) <= when:
            return next(entry for entry in _entries(record) if entry.level == level)
    return None


def to_markdown(rows: Iterable[Entry]) -> str:
    """A table, for an artifact."""
    lines = [
        "| record | when (UTC) | level | what | from | to | by | gates | why |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {e.record} | {e.at[:19]} | {e.level} | {e.what} | {e.before or '-'} | "
        f"{e.after or '-'} | {e.by} | {e.gates} | {e.why} |"
        for e in rows
    ]
    return "\n".join(lines) + "\n"


def keep_as_artifact(record: Record) -> None:
    """Describe a record in MLflow's pages, and write the table into the history's run.

    Raises
    ------
    RegistryError
        The store cannot be written to.
    """
    journal.describe(record, _moved(record), _sentence(record))
    run = journal.run_id()
    rows = entries(last=ARTIFACT_ROWS)
    with store_errors("write the history's artifacts"):
        client = MlflowClient()
        client.log_text(run, to_markdown(rows), "history.md")
        client.log_text(run, json.dumps([vars(row) for row in rows], indent=1), "history.json")


def _entries(record: Record) -> list[Entry]:
    moves = {move.level: move for move in record.moves}
    found = []
    for level in record.levels:
        move = moves.get(level)
        found.append(
            Entry(
                record=record.number,
                level=level,
                at=record.ended_at,
                what=_what(record, "" if move is None else move.verdict),
                before=move.before if move else None,
                after=move.after if move else None,
                candidate=move.candidate if move else None,
                by=record.owner.name,
                gates=_gates(move.decision) if move else "",
                why=_why(record),
                decision=move.decision if move else {},
                facts=move.facts if move else {},
            )
        )
    return found


def _what(record: Record, verdict: str) -> str:
    if record.state is State.done:
        return "refusal" if verdict == "refused" else record.action.value
    if record.state is State.refused:
        return "refusal"
    return f"{record.action}, {record.state}"


def _why(record: Record) -> str:
    return "; ".join(filter(None, (record.reason, record.said)))


def _gates(decision: dict[str, Any]) -> str:
    checks = decision.get("checks", {})
    if not checks:
        return ""
    passed = sum(mark == "pass" for _, _, mark in checks.values())
    missed = [f"{name} {mark}" for name, (_, _, mark) in checks.items() if mark != "pass"]
    return "; ".join([f"{decision['profile']}: {passed} of {len(checks)} pass", *missed])


def _moved(record: Record) -> str:
    """So short that it fits into a column of a list."""
    steps = [
        f"level {move.level}: {move.before or '-'} -> {move.after or '-'}" for move in record.moves
    ]
    return "; ".join([_what(record, ""), *steps])


def _sentence(record: Record) -> str:
    moved = [
        f"level {move.level}: "
        + (
            f"version {move.after} live, before: {move.before or 'none'}"
            if move.changes
            else f"version {move.before or 'none'} stays, {move.candidate} {move.verdict}"
        )
        for move in record.moves
    ]
    when = record.ended_at[:19] or datetime.now(UTC).isoformat(timespec="seconds")
    return (
        f"**{_what(record, '')}** by {record.owner.name}, {when} UTC: {_why(record)}. "
        + "; ".join(moved)
    )
