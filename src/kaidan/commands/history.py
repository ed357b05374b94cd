"""`kaidan history`: every promotion, refusal, rollback and repair, and what was live when."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from kaidan.commands.options import Json, answer, several_levels, time_given

if TYPE_CHECKING:
    from kaidan.registry.history import Entry


def history(
    level: Annotated[str, typer.Option(metavar="{1,2,3,all}", help="Which level.")] = "all",
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="What was live then: ISO 8601, UTC if no zone is given."),
    ] = None,
    last: Annotated[int, typer.Option(min=1, help="How many entries, newest first.")] = 20,
    as_json: Json = False,
) -> None:
    """Show every promotion, refusal, rollback and repair: when, who, which gates, instead of what.

    With --at TIME: what was in Production then, why, and who had put it there.
    """
    levels = several_levels(level)
    when = None if at is None else time_given("--at", at)

    from kaidan.registry.history import entries, live_at

    if when is not None:
        found = {number: live_at(number, when) for number in levels}
        answer(
            {
                "at": when.isoformat(),
                "levels": [
                    {"level": number, "live": vars(entry) if entry else None}
                    for number, entry in found.items()
                ],
            },
            lambda: "\n".join(_then(number, entry, when) for number, entry in found.items()),
            as_json=as_json,
        )
        return
    rows = entries(levels[0] if len(levels) == 1 else None, last=last)
    answer(
        {"entries": [vars(row) for row in rows]},
        lambda: _table(rows) if rows else "nothing has been promoted yet; kaidan train --level all",
        as_json=as_json,
    )


def _then(level: int, entry: "Entry | None", when: datetime) -> str:
    at = when.astimezone(UTC).isoformat(" ", "minutes").removesuffix("+00:00")
    if entry is None:
        return f"level {level}: nothing was live at {at} UTC"
    lines = [
        f"level {level}: version {entry.after} was live at {at} UTC",
        f"  since         {entry.at[:19].replace('T', ' ')}, by {entry.by} "
        f"({entry.what}, record {entry.record})",
        f"  instead       of version {entry.before or 'none'}",
        f"  why           {entry.why}",
    ]
    if entry.gates:
        lines.append(f"  gates         {entry.gates}")
    lines += [f"  {key:<13} {value}" for key, value in entry.facts.items() if "sha256" not in key]
    return "\n".join(lines)


def _table(rows: "list[Entry]") -> Table:
    table = Table(title="History, newest first", title_justify="left", title_style="bold")
    for heading in ("record", "when (UTC)", "level", "what", "from", "to", "by"):
        table.add_column(heading, no_wrap=True)
    table.add_column("gates")
    table.add_column("why")
    for row in rows:
        table.add_row(
            str(row.record),
            row.at[:16].replace("T", " ") or "under way",
            str(row.level),
            row.what,
            _number(row.before),
            _number(row.after),
            row.by,
            row.gates,
            row.why,
        )
    return table


def _number(version: int | None) -> str:
    return "-" if version is None else str(version)
