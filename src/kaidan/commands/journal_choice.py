"""Which journal a command reads: by the bot's name, by its file, or the one written last."""

from pathlib import Path
from typing import Annotated

import typer

from kaidan.bot.journal import journal_file
from kaidan.commands.journal_list import newest_journal
from kaidan.errors import UsageError

JournalName = Annotated[
    str | None, typer.Option("--name", help="Whose journal; default: the one written last.")
]
JournalFile = Annotated[
    Path | None, typer.Option("--file", metavar="FILE", help="A journal that lies elsewhere.")
]


def chosen_journal(name: str | None, file: Path | None) -> Path:
    """The journal that is asked for.

    Raises
    ------
    UsageError
        Both are given, the name could lead out of the folder, or there is no journal.
    """
    if name is not None and file is not None:
        raise UsageError("--name and --file got both, wanted one of them: they choose a journal")
    return file or (newest_journal() if name is None else journal_file(name))
