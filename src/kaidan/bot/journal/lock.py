"""One bot a journal: two would each trade what the other holds."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kaidan.bot.journal.failure import JournalError, explained


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
        journal.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(journal.with_name(journal.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(file, 20).decode() or "another"
            raise JournalError(
                f"journal {journal} is in use by process {holder}: "
                "stop that bot, or give this one another --name"
            ) from error
        with explained(journal, "lock it"):
            os.ftruncate(file, 0)
            os.write(file, str(os.getpid()).encode())
        yield
    finally:
        os.close(file)
