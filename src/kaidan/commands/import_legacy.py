"""`kaidan import-legacy`: the folders from before kaidan become archived history."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, Group
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from kaidan.commands.options import ConfigDir, Json, answer
from kaidan.registry.legacy.metadata import Metadata
from kaidan.settings import load_settings

if TYPE_CHECKING:
    from kaidan.registry.legacy.importing import Imported


def import_legacy(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Holds production/, archive/, backup folders.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be imported; write nothing.")
    ] = False,
    config: ConfigDir = None,
    as_json: Json = False,
) -> None:
    """Register old pickles as archived history: described, never loaded, never live."""
    settings = load_settings(config)

    from kaidan.registry.legacy.folder import scan

    found = scan(folder)

    from kaidan.registry.legacy.importing import import_models, tally

    visible = sys.stdout.isatty() and not as_json
    columns = (TextColumn("describing old models"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not visible) as bar:
        task = bar.add_task("", total=len(found.models))
        done = import_models(
            found.models, settings, dry_run=dry_run, progress=lambda _: bar.advance(task)
        )
    answer(
        {
            "folder": str(folder),
            "dry_run": dry_run,
            "models": [one.to_dict() for one in done],
            "faults": list(found.faults),
        },
        lambda: Group(
            _table(done),
            # As text: a bracket in the name of a file is not markup.
            *(Text(f"{one.model.path}: {'; '.join(one.model.findings)}") for one in done),
            *(Text(f"not used: {fault}") for fault in found.faults),
            f"{tally(done)}. No pickle was loaded; imported versions can never be live.",
        ),
        as_json=as_json,
    )


def _table(done: "list[Imported]") -> Table:
    table = Table(title="Old models", title_justify="left", title_style="bold")
    for heading in ("file", "level", "time (UTC)", "features", "metrics", "commit", "result"):
        right = heading in ("level", "features", "metrics")
        table.add_column(heading, justify="right" if right else "left", overflow="fold")
    for one in done:
        known = one.model.metadata or Metadata(text="")
        version = f", version {one.version}" if one.version else ""
        table.add_row(
            Text(one.model.path),
            str(one.model.level or "?"),
            f"{one.model.when:%Y-%m-%d %H:%M}",
            str(known.n_features or "-"),
            str(len(known.metrics)),
            known.commit[:8] or "-",
            f"{one.state}{version}",
        )
    return table
