"""What a failure of the journal means to whoever runs the bot: one line, and what to do next."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kaidan.errors import KaidanError

BEGIN_ANEW = "begin a new one with --restart, which keeps this one beside it"
_ROOM = "make room on its disk, then start the bot again: it goes on where it was"
_RIGHTS = "let this user write the file and its folder"
_HINTS = {
    sqlite3.SQLITE_CORRUPT: f"the file is damaged: {BEGIN_ANEW}",
    sqlite3.SQLITE_NOTADB: f"the file is damaged, or no journal at all: {BEGIN_ANEW}",
    sqlite3.SQLITE_FULL: _ROOM,
    sqlite3.SQLITE_IOERR: _ROOM,
    sqlite3.SQLITE_READONLY: _RIGHTS,
    sqlite3.SQLITE_CANTOPEN: _RIGHTS,
    sqlite3.SQLITE_CONSTRAINT: "the bot decided on something that is no number: please report it",
    sqlite3.SQLITE_BUSY: "another program writes to it: close that",
}
# What comes of text or numbers in which a byte was changed.
_UNREADABLE = (ValueError, TypeError, KeyError, OverflowError)
_PRIMARY = 0xFF  # the rest of an extended result code says where it happened


class JournalError(KaidanError):
    """The journal cannot be written or read, or belongs to something else."""


@contextmanager
def readable(path: Path, what: str) -> Iterator[None]:
    """Turn what comes of decoding a damaged row into one line.

    Raises
    ------
    JournalError
        Instead of what Python raises when it makes no sense of a value.
    """
    try:
        yield
    except _UNREADABLE as error:
        raise JournalError(
            f"journal {path}: {what} cannot be read ({error!r:.80}): {BEGIN_ANEW}"
        ) from error


@contextmanager
def explained(path: Path, doing: str) -> Iterator[None]:
    """Turn what SQLite and the file system raise into one line.

    Raises
    ------
    JournalError
        Instead of `sqlite3.Error` and `OSError`.
    """
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY
        hint = _HINTS.get(code, f"was it changed by hand? {BEGIN_ANEW}")
        raise JournalError(f"journal {path}: cannot {doing} ({_short(error)}); {hint}") from error
    except OSError as error:
        cause = error.strerror or error
        raise JournalError(f"journal {path}: cannot {doing} ({cause}); {_RIGHTS}") from error


def _short(error: sqlite3.Error) -> str:
    """What SQLite says; of text that it cannot decode, it repeats all."""
    return "".join(one if one.isprintable() else "?" for one in str(error)[:120])
