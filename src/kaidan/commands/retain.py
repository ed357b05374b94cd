"""`kaidan retain`: old versions go, by a plan that is shown before anything is deleted."""

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from kaidan.commands.options import ConfigDir, Json, answer, several_levels
from kaidan.settings import Settings, load_settings

if TYPE_CHECKING:
    from kaidan.registry.retention.deletion import Retained
    from kaidan.registry.retention.survey import Survey


def retain(
    keep: Annotated[int, typer.Option(min=1, metavar="N", help="Newest versions of each level.")],
    older_than: Annotated[
        int | None,
        typer.Option(min=0, metavar="DAYS", help="Delete only what was registered before that."),
    ] = None,
    level: Annotated[str, typer.Option(metavar="{1,2,3,all}", help="Which level.")] = "all",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan; write nothing.")
    ] = False,
    config: ConfigDir = None,
    as_json: Json = False,
) -> None:
    """Delete old versions: all but the newest N of each level, and what must never go.

    What is live, what a rollback goes back to, and the newest other version that was good and
    still verifies are always kept; so is what has an alias or a stage, and what is not judged yet.
    Imported history (import-legacy) is kept and not counted: it has no bytes to free.

    Runs and the history stay. The files go when you run the `mlflow gc` that is printed; MLflow
    then also removes the runs and experiments that somebody deleted.
    """
    levels = several_levels(level)
    settings = load_settings(config)

    from kaidan.registry.retention.deletion import Retained
    from kaidan.registry.retention.logged_models import gc_commands
    from kaidan.registry.retention.survey import Rule, survey

    found = survey(levels, Rule(keep, older_than), settings)
    if not as_json:
        answer({}, lambda: _plan(found), as_json=False)
    done = Retained() if dry_run else _delete(found, settings, visible=not as_json)
    commands = gc_commands(done.model_ids)
    result = {
        "dry_run": dry_run,
        "plan": _rows(found),
        "left_over": list(found.left_over),
        "deleted": [{"level": level, "versions": done.versions[level]} for level in done.versions],
        "logged_models": done.model_ids,
        "gc": commands,
    }
    answer(result, lambda: _outcome(found, done, commands, dry_run=dry_run), as_json=as_json)


def _delete(found: "Survey", settings: Settings, *, visible: bool) -> "Retained":
    from kaidan.registry.retention.deletion import retain

    columns = (TextColumn("deleting versions"), BarColumn(), MofNCompleteColumn())
    disabled = not (visible and sys.stdout.isatty())
    with Progress(*columns, console=Console(stderr=True), disable=disabled) as bar:
        task = bar.add_task("", total=sum(map(len, found.goes.values())))
        return retain(found, settings, progress=lambda: bar.advance(task))


def _rows(found: "Survey") -> list[dict[str, Any]]:
    return [
        {
            "level": level,
            "version": one.verdict.version.number,
            "registered": datetime.fromtimestamp(
                one.verdict.version.created_ms / 1e3, UTC
            ).isoformat(timespec="seconds"),
            "verdict": one.verdict.version.tags.get("verdict"),
            "kept": one.verdict.kept,
            "why": one.verdict.why,
            "freed_bytes": one.freed_bytes,
        }
        for level, planned in found.planned.items()
        for one in planned
    ]


def _plan(found: "Survey") -> Table:
    table = Table(title=f"Plan of retain {found.rule}", title_justify="left", title_style="bold")
    for heading in ("level", "version", "registered (UTC)", "verdict", "plan"):
        table.add_column(heading, no_wrap=True)
    table.add_column("why")
    table.add_column("MB freed", justify="right", no_wrap=True)
    for row in _rows(found):
        table.add_row(
            str(row["level"]),
            str(row["version"]),
            row["registered"][:16].replace("T", " "),
            row["verdict"] or "-",
            "keep" if row["kept"] else "delete",
            row["why"],
            f"{row['freed_bytes'] / 1e6:.2f}" if row["freed_bytes"] else "-",
        )
    return table


def _outcome(
    found: "Survey", done: "Retained", commands: list[str], *, dry_run: bool
) -> RenderableType:
    if not found.goes and not found.left_over:
        return "nothing to delete"
    if dry_run:
        goes = sum(map(len, found.goes.values()))
        again = f" and {len(found.left_over)} logged models of before" if found.left_over else ""
        return f"{goes} versions{again} would be deleted; nothing was written"
    return Group(str(done), *_advice(commands))


def _advice(commands: list[str]) -> list[RenderableType]:
    if not commands:
        return []
    return [
        # The commands are not wrapped: they are there to be copied.
        "To free the bytes (MLflow then also removes runs and experiments that somebody deleted):",
        *(Text(command, overflow="ignore", no_wrap=True) for command in commands),
    ]
