"""`kaidan monitor`: how the live versions do, from what a bot wrote down."""

from typing import TYPE_CHECKING, Annotated

import typer

from kaidan.bot.journal.reader import read_journal
from kaidan.commands.journal_choice import JournalFile, JournalName, chosen_journal
from kaidan.commands.options import ConfigDir, Json, answer
from kaidan.settings import load_settings

if TYPE_CHECKING:
    from rich.console import RenderableType

    from kaidan.monitoring.watched import LevelWatched, Watched


def monitor(
    name: JournalName = None,
    file: JournalFile = None,
    roll_back: Annotated[
        bool, typer.Option("--roll-back", help="Take a version back that fails its canary.")
    ] = False,
    config: ConfigDir = None,
    as_json: Json = False,
) -> None:
    """Look at scores, drift and canary of each live version; exit 1 when one fails its canary.

    A bot that runs has this done every few bars and takes back what fails. By hand nothing is
    moved without --roll-back; what is found is kept in MLflow, in the version's life run.
    """
    settings = load_settings(config)
    path = chosen_journal(name, file)

    from kaidan.monitoring.watch import watch

    with read_journal(path) as reader:
        found = watch(reader, settings, takes_back=roll_back)
    answer(found.to_dict(), lambda: _page(found), as_json=as_json)
    if found.fails:
        raise typer.Exit(1)


def _page(found: "Watched") -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    if not found.levels:
        return Text("no level has a Production version; kaidan train --level all makes them")
    return Group(*(_level(one) for one in found.levels))


def _level(one: "LevelWatched") -> "RenderableType":
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=f"Level {one.level} version {one.version}: answered {one.n_bars:,} bars",
        title_justify="left",
        show_header=False,
        box=None,
    )
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("live", str(one.scores or "too few labels are known to score it"))
    if one.shadow is not None:
        table.add_row("shadow", str(one.shadow))
    table.add_row("drift", Text(str(one.drift), style="yellow" if one.drift.drifted else ""))
    if one.canary is not None:
        table.add_row("canary", Text(str(one.canary), style="red" if one.canary.fails else ""))
    if one.taken_back is not None:
        table.add_row("done", str(one.taken_back))
    return table
