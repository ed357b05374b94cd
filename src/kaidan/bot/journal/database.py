"""Connections to a journal's file, for the one bot that writes it and for whoever reads it."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from kaidan.bot.journal.failure import BEGIN_ANEW, JournalError
from kaidan.bot.journal.schema import TABLES, VERSION


def connect(path: Path) -> sqlite3.Connection:
    """Open for writing; the file is made when there is none.

    A process that is killed loses nothing, because the kernel has what was written. With
    `synchronous=NORMAL` a power cut may lose the bars since the last checkpoint, each whole: to
    wait for the disk at every bar instead would cost many times the decision itself.
    """
    # SQLite's own lock makes one connection safe in many threads; the journal adds the one that
    # keeps their transactions apart.
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        # A checkpoint waits for the disk, and a bar must not.
        db.execute("PRAGMA wal_autocheckpoint = 0")
    except sqlite3.Error:
        db.close()
        raise
    return db


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Open an existing file for reading, beside whoever writes it."""
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    db.row_factory = sqlite3.Row
    return db


def is_empty(db: sqlite3.Connection) -> bool:
    """Whether nothing was ever kept in the file."""
    return db.execute("SELECT 1 FROM sqlite_schema").fetchone() is None


def create(db: sqlite3.Connection, identity: Mapping[str, str]) -> None:
    """Make the tables, and note whose journal it is; all of it or nothing."""
    db.execute("BEGIN IMMEDIATE")
    with db:
        for table in TABLES:
            db.execute(table)
        db.executemany("INSERT INTO identity VALUES (?, ?)", identity.items())
        db.execute(f"PRAGMA user_version = {VERSION}")


def check_version(db: sqlite3.Connection, path: Path) -> None:
    """Refuse tables that this kaidan does not know.

    Raises
    ------
    JournalError
    """
    found = db.execute("PRAGMA user_version").fetchone()[0]
    if found != VERSION:
        raise JournalError(
            f"journal {path} is of version {found}, this kaidan writes version {VERSION}: "
            f"use the kaidan that made it, or {BEGIN_ANEW}"
        )
