"""The bot's memory: each bar exactly once, with the state after it, in one transaction.

Killed at any point, the bot starts again from what is here: no bar is decided twice, and no
position is forgotten.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing, suppress
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Self

from kaidan.bot.journal import database
from kaidan.bot.journal.entry import Entry
from kaidan.bot.journal.failure import JournalError, explained
from kaidan.bot.journal.instants import microseconds
from kaidan.bot.journal.lock import locked
from kaidan.bot.journal.reader import JournalReader
from kaidan.bot.journal.schema import INSERT_BAR, to_row

_CHECKPOINT_BYTES = 4 * 1024**2  # some hundred bars: rarely in a replay, where bars come fast
_CHECKPOINT_SECONDS = 60.0  # in a live bot: after every bar
_FILES = ("-wal", "-shm", "")  # of one database; the log before what it belongs to


class Journal(JournalReader):
    """A journal held by the one bot that writes it.

    Any thread may write; what one writes, another waits for.
    """

    def __init__(self, path: Path, db: sqlite3.Connection, held: ExitStack) -> None:
        super().__init__(path, db)
        self._held = held
        self._last = self.last_bar()
        self._writing = threading.Lock()
        self._checkpointed = time.monotonic()

    @classmethod
    def open(cls, path: Path, *, identity: Mapping[str, str]) -> Self:
        """Hold a journal, which is begun when there is none; its folder is made.

        Parameters
        ----------
        path : Path
        identity : dict of str to str
            What the journal is about: source, settings, data. Told again at every start.

        Raises
        ------
        JournalError
            Another bot holds it, it is about something else, it is damaged, or it cannot be
            written.
        """
        held = ExitStack()
        try:
            held.enter_context(locked(path))
            with explained(path, "open it"):
                db = held.enter_context(closing(database.connect(path)))
                if database.is_empty(db):
                    database.create(db, identity)
                database.check_version(db, path)
            journal = cls(path, db, held)
            journal._recognise(identity)
            journal.state()
        except BaseException:
            held.close()
            raise
        return journal

    def close(self) -> None:
        """Fold everything into the one file, and let another bot have it."""
        self._held.close()

    @staticmethod
    def restart(path: Path) -> Path | None:
        """Move a journal aside, as `NAME.sqlite.1` or the first number that is free.

        Returns
        -------
        Path or None
            Where it is now; None when there was none.

        Raises
        ------
        JournalError
            A bot holds it, or it cannot be moved.
        """
        with locked(path), explained(path, "move it aside"):
            if not path.exists():
                return None
            # Folded into one file, moving it is one step. A damaged one keeps its log.
            with suppress(sqlite3.Error), closing(database.connect(path)):
                pass
            number = next(n for n in count(1) if not _named(path, f".{n}").exists())
            for file in _FILES:
                if _named(path, file).exists():
                    _named(path, file).rename(_named(path, f".{number}{file}"))
            return _named(path, f".{number}")

    def write(self, entry: Entry, state: Mapping[str, Any]) -> None:
        """Write a decided bar, and what the bot goes on from after it: both or neither.

        Parameters
        ----------
        entry : Entry
            Of a bar later than any before it.
        state : dict
            JSON values; `state()` gives them back, infinities too.

        Raises
        ------
        JournalError
            The bar was decided already, or it cannot be written. Nothing was: the same bar can
            be written again.
        """
        row, kept = to_row(entry), json.dumps(state)
        with self._writing, explained(self.path, f"write the bar of {entry.bar.time}"):
            if self._last is not None and entry.bar.time <= self._last:
                raise JournalError(
                    f"journal {self.path}: got the bar of {entry.bar.time} after that of "
                    f"{self._last}: each bar is decided once, oldest first"
                )
            self._db.execute("BEGIN IMMEDIATE")
            with self._db:
                self._db.execute(INSERT_BAR, row)
                self._db.execute("REPLACE INTO state VALUES (1, ?, ?)", (row[0], kept))
            self._last = entry.bar.time

    def note(self, kind: str, text: str, at: datetime) -> None:
        """Write down what happened between bars.

        Parameters
        ----------
        kind : str
            One word, such as `revised`, `swap`, `outage`.
        text : str
        at : datetime with a zone

        Raises
        ------
        JournalError
            It cannot be written.
        """
        with self._writing, explained(self.path, f"note {kind}"):
            self._db.execute(
                "INSERT INTO notes (at_us, kind, text) VALUES (?, ?, ?)",
                (microseconds(at), kind, text),
            )

    def tidy(self) -> None:
        """Fold the write-ahead log into the file and wait for the disk, when that is worth it.

        Call it after every bar, outside the tick: it does something when a minute has passed or
        the log has grown, so that a power cut costs a live bot the last bar at most. While
        somebody reads, what they still need is left for the next time.

        Raises
        ------
        JournalError
            It cannot be written; no bar is lost.
        """
        log = _named(self.path, "-wal")
        with explained(self.path, "fold its log into it"):
            grown = log.exists() and log.stat().st_size >= _CHECKPOINT_BYTES
            now = time.monotonic()
            if not grown and now - self._checkpointed < _CHECKPOINT_SECONDS:
                return
            with self._writing:
                # Readers are not waited for.
                self._db.execute("PRAGMA busy_timeout = 0")
                try:
                    self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                finally:
                    self._db.execute("PRAGMA busy_timeout = 5000")
            self._checkpointed = now

    def _recognise(self, told: Mapping[str, str]) -> None:
        kept = self.identity()
        for name in sorted(kept.keys() | told.keys()):
            if kept.get(name) != told.get(name):
                raise JournalError(
                    f"journal {self.path} was begun with {name} {kept.get(name, 'unknown')}, got "
                    f"{told.get(name, 'none')}: begin a new one with --restart (this one is "
                    "kept), or give the bot another --name"
                )


def _named(path: Path, more: str) -> Path:
    return path.with_name(path.name + more)
