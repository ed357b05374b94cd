"""A journal read back, also while the bot writes it: a reader never makes the bot wait."""

import json
import sqlite3
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from kaidan.bot.journal.database import check_version, connect_to_read
from kaidan.bot.journal.entry import Entry
from kaidan.bot.journal.failure import BEGIN_ANEW, JournalError, explained, readable
from kaidan.bot.journal.instants import (
    from_microseconds,
    from_seconds,
    microseconds,
    seconds,
)
from kaidan.bot.journal.schema import from_row

_NEVER = 2**62  # later than any instant, in microseconds too
_BARS = """SELECT * FROM bars
    WHERE open_time >= :since AND open_time < :until AND (:level IS NULL OR level = :level)
        AND n_vetoes >= :least_vetoes AND n_trades >= :least_trades
    ORDER BY open_time"""
_NOTES = "SELECT * FROM notes WHERE at_us >= :since AND at_us < :until ORDER BY number"
_STATE = """SELECT (SELECT max(open_time) FROM bars) AS last, open_time, state
    FROM (SELECT 1) LEFT JOIN state"""
_NEWEST_FIRST = " DESC LIMIT :last"


@dataclass(frozen=True)
class Note:
    """Something that happened between bars."""

    at: datetime
    kind: str
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {"at": self.at.isoformat(), "kind": self.kind, "text": self.text}


def read_journal(path: Path) -> "JournalReader":
    """Open a journal that exists.

    Raises
    ------
    JournalError
        There is none, or it cannot be read.
    """
    if not path.exists():
        raise JournalError(f"journal {path} does not exist: kaidan journal --list shows all")
    with explained(path, "read it"):
        reader = JournalReader(path, connect_to_read(path))
        try:
            check_version(reader._db, path)
        except BaseException:
            reader.close()
            raise
    return reader


class JournalReader:
    """What a journal holds, oldest first.

    Every iterator reads as it goes: it takes no more memory for a year than for a day, and beside
    a running bot it sees one moment. `since` and `until` are instants with a zone, the first
    included, the second not; `last` keeps the newest so many.
    """

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        self.path = path
        self._db = db

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def identity(self) -> dict[str, str]:
        """Whose journal it is, as told when it was begun."""
        with explained(self.path, "read it"):
            return dict(tuple(row) for row in self._db.execute("SELECT name, value FROM identity"))

    def n_bars(self) -> int:
        """How many bars were decided on."""
        with explained(self.path, "read it"):
            return int(self._db.execute("SELECT count(*) FROM bars").fetchone()[0])

    def n_answered(self, level: int, version: int) -> int:
        """How many bars a version of a level answered."""
        query = "SELECT count(*) FROM bars WHERE level = ? AND version = ?"
        with explained(self.path, "read it"):
            return int(self._db.execute(query, (level, version)).fetchone()[0])

    def last_bar(self) -> datetime | None:
        """Open time of the newest bar that was decided on."""
        with explained(self.path, "read it"):
            found = self._db.execute("SELECT max(open_time) FROM bars").fetchone()[0]
        with readable(self.path, "its last bar"):
            return None if found is None else from_seconds(found)

    def state(self) -> dict[str, Any] | None:
        """What the bot goes on from after the last bar, as it was given to `Journal.write`.

        Raises
        ------
        JournalError
            The journal is damaged, or its state is not that of its last bar.
        """
        with explained(self.path, "read it"):
            row = self._db.execute(_STATE).fetchone()
        with readable(self.path, "its state"):
            last, of = (one if one is None else from_seconds(one) for one in tuple(row)[:2])
            state = None if of is None else dict(json.loads(row["state"]))
        if of != last:
            raise JournalError(
                f"journal {self.path}: its state is of the bar of {of}, its last bar is that of "
                f"{last}, so it was changed by hand: {BEGIN_ANEW}"
            )
        return state

    def entry(self, time: datetime) -> Entry | None:
        """The bar that opened at `time`."""
        with explained(self.path, "read it"):
            row = self._db.execute(
                "SELECT * FROM bars WHERE open_time = ?", (seconds(time),)
            ).fetchone()
        return None if row is None else self._entry(row)

    def entries(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        last: int | None = None,
        level: int | None = None,
        vetoed: bool = False,
        traded: bool = False,
    ) -> Iterator[Entry]:
        """Decided bars, by their open times.

        Parameters
        ----------
        since, until : datetime, optional
        last : int, optional
        level : int, optional
            Only what this level answered.
        vetoed : bool
            Only where risk said no.
        traded : bool
            Only where a position was closed.
        """
        wanted = {
            "since": 0 if since is None else seconds(since),
            "until": _NEVER if until is None else seconds(until),
            "level": level,
            "least_vetoes": int(vetoed),
            "least_trades": int(traded),
        }
        return map(self._entry, self._rows(_BARS, wanted, last))

    def trades(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        last: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Closed positions, by the bars that closed them."""
        every = (
            trade
            for entry in self.entries(since=since, until=until, last=last, traded=True)
            for trade in entry.trades
        )
        return every if last is None else iter(deque(every, maxlen=last))

    def notes(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        last: int | None = None,
    ) -> Iterator[Note]:
        """What happened between bars, in the order in which it was written."""
        wanted = {
            "since": 0 if since is None else microseconds(since),
            "until": _NEVER if until is None else microseconds(until),
        }
        for row in self._rows(_NOTES, wanted, last):
            with readable(self.path, f"note {row['number']}"):
                note = Note(from_microseconds(row["at_us"]), row["kind"], row["text"])
            yield note

    def _entry(self, row: sqlite3.Row) -> Entry:
        with readable(self.path, f"bar {row['open_time']}"):
            return from_row(row)

    def _rows(
        self, query: str, wanted: Mapping[str, int | None], last: int | None
    ) -> Iterator[sqlite3.Row]:
        with explained(self.path, "read it"):
            if last is None:
                yield from self._db.execute(query, wanted)
            else:
                newest_first = self._db.execute(query + _NEWEST_FIRST, {**wanted, "last": last})
                yield from reversed(newest_first.fetchall())
