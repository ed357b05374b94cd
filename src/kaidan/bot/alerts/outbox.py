"""Letters that are not delivered yet, where `kill -9` cannot lose them.

SQLite with a write-ahead log: what is committed survives the process, without waiting for the
disk. One thread owns it.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from kaidan.bot.alerts.message import Letter
from kaidan.bot.alerts.severity import Severity

HOUR_SECONDS = 3600
_SCHEMA = """
CREATE TABLE IF NOT EXISTS letter (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    made_at REAL NOT NULL,
    severity INTEGER NOT NULL,
    text TEXT NOT NULL,
    done INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS delivered (
    letter INTEGER NOT NULL,
    receiver TEXT NOT NULL,
    PRIMARY KEY (letter, receiver)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS given_up (receiver TEXT PRIMARY KEY, number INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS matter (
    key TEXT NOT NULL,
    severity INTEGER NOT NULL,
    text TEXT NOT NULL,
    told_at REAL,
    open INTEGER NOT NULL,
    number INTEGER NOT NULL,
    since REAL,
    held INTEGER NOT NULL,
    closing TEXT,
    PRIMARY KEY (key, severity)
) WITHOUT ROWID;
"""


class Outbox:
    """The letters in `path`.

    Parameters
    ----------
    path : Path or None
        None: in memory, for as long as the process lives.

    Raises
    ------
    sqlite3.Error
        The file cannot be used; every method raises it.
    """

    def __init__(self, path: Path | None) -> None:
        # Made by the thread that starts, used by the one that delivers.
        self.db = sqlite3.connect(
            path or ":memory:", timeout=1, isolation_level=None, check_same_thread=False
        )
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = NORMAL")
        self.db.executescript(_SCHEMA)

    def in_memory(self) -> "Outbox":
        """The same letters, as far as they can be read, where no disk is needed."""
        copy = Outbox(None)
        with suppress(sqlite3.Error):
            self.db.backup(copy.db)
        with suppress(sqlite3.Error):
            self.db.close()
        return copy

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """All of the changes made inside, or none of them."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def add(self, severity: Severity, text: str, *, at: float, now: float, done: bool) -> Letter:
        """Add a letter; `done` when nobody but the log is to be told."""
        number = self.db.execute(
            "INSERT INTO letter (at, made_at, severity, text, done) VALUES (?, ?, ?, ?, ?)",
            (at, now, severity, text, done),
        ).lastrowid
        return Letter(number or 0, at, severity, text)

    def made_lately(self, severity: Severity, now: float) -> int:
        """Letters of a severity that were made within the last hour."""
        return self._number(
            "SELECT count(*) FROM letter WHERE severity = ? AND made_at > ? AND made_at <= ?",
            (severity, now - HOUR_SECONDS, now),
        )

    def waiting(self, receiver: str) -> list[Letter]:
        """What a receiver has not got yet, most urgent and oldest first."""
        rows = self.db.execute(
            "SELECT number, at, severity, text FROM letter WHERE NOT done AND NOT EXISTS "
            "(SELECT 1 FROM delivered WHERE letter = number AND receiver = ?) "
            "ORDER BY severity DESC, number",
            (receiver,),
        )
        return [Letter(number, at, Severity(level), text) for number, at, level, text in rows]

    def hand_over(
        self, letters: Iterable[Letter], receiver: str, receivers: Sequence[str], *, given_up: int
    ) -> None:
        """Write down that a receiver has got letters; those that all have got are done.

        Parameters
        ----------
        letters : iterable of Letter
        receiver : str
        receivers : sequence of str
            All that there are.
        given_up : int
            Of how many older letters it was told that they were given up.
        """
        with self.at_once():
            for letter in letters:
                self.db.execute(
                    "INSERT OR IGNORE INTO delivered VALUES (?, ?)", (letter.number, receiver)
                )
                if all(self._has(other, letter.number) for other in receivers):
                    self.db.execute("UPDATE letter SET done = 1 WHERE number = ?", (letter.number,))
            self.db.execute(
                "UPDATE given_up SET number = number - ? WHERE receiver = ?", (given_up, receiver)
            )

    def given_up(self, receiver: str) -> int:
        """How many letters a receiver never got, and was not told so yet."""
        return self._number("SELECT sum(number) FROM given_up WHERE receiver = ?", (receiver,))

    def clear(self, now: float, *, forget_after_seconds: float, receivers: Sequence[str]) -> int:
        """Give up old letters that are not critical, and remove what is done; how many were old."""
        old = self.db.execute(
            "SELECT number FROM letter WHERE NOT done AND severity < ? AND made_at < ?",
            (Severity.critical, now - forget_after_seconds),
        ).fetchall()
        for (number,) in old:
            self.db.execute("UPDATE letter SET done = 1 WHERE number = ?", (number,))
            self.db.executemany(
                "INSERT INTO given_up VALUES (?, 1) "
                "ON CONFLICT (receiver) DO UPDATE SET number = number + 1",
                [(receiver,) for receiver in receivers if not self._has(receiver, number)],
            )
        # What is done still counts for an hour; of a clock that was set back nothing is kept.
        self.db.execute(
            "DELETE FROM letter WHERE done AND (made_at <= ? OR made_at > ?)",
            (now - HOUR_SECONDS, now),
        )
        self.db.execute("DELETE FROM delivered WHERE letter NOT IN (SELECT number FROM letter)")
        return len(old)

    def undelivered(self) -> dict[Severity, int]:
        """Letters that somebody has not got yet, by severity."""
        rows = self.db.execute(
            "SELECT severity, count(*) FROM letter WHERE NOT done GROUP BY severity"
        )
        return dict.fromkeys(Severity, 0) | {Severity(level): number for level, number in rows}

    def _has(self, receiver: str, letter: int) -> bool:
        return bool(
            self._number(
                "SELECT count(*) FROM delivered WHERE receiver = ? AND letter = ?",
                (receiver, letter),
            )
        )

    def _number(self, query: str, values: tuple[object, ...]) -> int:
        return int(self.db.execute(query, values).fetchone()[0] or 0)
