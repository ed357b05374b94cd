"""One bot a journal: two would each trade what the other holds."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kaidan.bot.journal.failure import JournalError, explained
from kaidan.held_file import HeldError, hold


@contextmanager
def locked(journal: Path) -> Iterator[None]:
    """Hold a journal for this process alone, through a file beside it.

    The kernel lets go of the lock when the process ends, however it ends; the file stays.

    Raises
    ------
    JournalError
        Another process holds it, or the file cannot be made.
    """
    with explained(journal, "lock it"):
        try:
            file = hold(journal.with_name(journal.name + ".lock"))
        except HeldError as error:
            raise JournalError(
                f"journal {journal} is in use by process {error.holder}: "
                "stop that bot, or give this one another --name"
            ) from error
    try:
        yield
    finally:
        os.close(file)
