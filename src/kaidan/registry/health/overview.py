"""What the history says of the present, read in one pass: it may be long."""

from collections.abc import Collection
from dataclasses import dataclass

from kaidan.registry import journal
from kaidan.registry.record import Record


@dataclass(frozen=True)
class Overview:
    """The present, by the history.

    Attributes
    ----------
    standing : dict of level to Record or None
        The record that made live what is live.
    open_records : tuple of Record
        Under way, or left by somebody who was killed; the first one first.
    """

    standing: dict[int, Record | None]
    open_records: tuple[Record, ...]


def look(levels: Collection[int]) -> Overview:
    """Read the history back to where it says all that is asked.

    Raises
    ------
    RegistryError
        The store cannot be read, or a record was changed by hand.
    """
    standing: dict[int, Record] = {}
    opened: list[Record] = []
    settled = False
    for record in journal.newest_first():
        if record.state.is_open:
            opened.append(record)
        settled = settled or record.state.had_turn
        for level in levels:
            if level not in standing and record.made_live(level):
                standing[level] = record
        if settled and len(standing) == len(levels):
            break
    return Overview({level: standing.get(level) for level in levels}, tuple(reversed(opened)))
