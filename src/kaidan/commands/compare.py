"""`kaidan compare`: the live version against its shadow, on the bars that a bot decided."""

from typing import TYPE_CHECKING, Annotated

import typer

from kaidan.bot.journal.reader import read_journal
from kaidan.commands.journal_choice import JournalFile, JournalName, chosen_journal
from kaidan.commands.options import ConfigDir, Json, answer, one_level
from kaidan.settings import load_settings

if TYPE_CHECKING:
    from rich.console import RenderableType

    from kaidan.monitoring.comparison import Comparison


def compare(
    name: JournalName = None,
    file: JournalFile = None,
    level: Annotated[
        str | None,
        typer.Option(metavar="{1,2,3}", help="Default: the one that was compared last."),
    ] = None,
    config: ConfigDir = None,
    as_json: Json = False,
) -> None:
    """Tell which of two versions is better on live bars: the live one, or that in its shadow.

    It may be asked as often as one likes: the error rate holds for all looks together.
    """
    settings = load_settings(config)
    wanted = None if level is None else one_level(level)

    from kaidan.monitoring.comparison import compare_versions
    from kaidan.monitoring.decisions import read_decisions

    path = chosen_journal(name, file)
    with read_journal(path) as reader:
        found = compare_versions(read_decisions(reader, settings), settings, wanted)
    answer({"journal": str(path)} | found.to_dict(), lambda: _table(found), as_json=as_json)


def _table(found: "Comparison") -> "RenderableType":
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"Level {found.level}: {found.n_bars:,} live bars that both answered")
    for head in ("version", "log-loss", "hit rate", "e-value for better"):
        table.add_column(head, justify="left" if head == "version" else "right")
    for side, role in ((found.live, "live"), (found.shadow, "shadow")):
        table.add_row(
            f"{side.version} ({role})",
            f"{side.log_loss:.4f}",
            f"{side.hit_rate:.1%}",
            f"{side.better.e_value:.3g}",
        )
    difference = f"live above shadow: {found.difference} nats a bar (95 % interval)"
    return Group(table, Text(difference), Text(found.verdict))
