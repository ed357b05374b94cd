"""A journal as a table, for a notebook or a spreadsheet: one row a bar, a trade or a note."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kaidan.bot.journal.entry import Entry
from kaidan.bot.journal.plain_json import to_json
from kaidan.commands.table_file import write_table
from kaidan.errors import UsageError

_WHOLE = ("level", "version")  # where none answered there is none, and they stay whole numbers


def flat(entry: Entry) -> dict[str, Any]:
    """An entry as one row; the first columns are those of a file of bars."""
    said = entry.to_dict()
    bar, answer = said.pop("bar"), said.pop("answer")
    chances = {f"p_{name}": chance for name, chance in answer.pop("probabilities").items()}
    return {"timestamp": bar.pop("time"), **bar, **answer, **chances, **said}


def export(rows: Iterable[Mapping[str, Any]], out: Path) -> int:
    """Write rows into a CSV or Parquet file, by its name; what is nested becomes JSON text.

    Returns
    -------
    int
        How many rows.

    Raises
    ------
    UsageError
        There are none, or the file cannot be written.
    """
    import pandas as pd

    frame = pd.DataFrame(
        {
            name: to_json(value) if isinstance(value, dict | list) else value
            for name, value in row.items()
        }
        for row in rows
    )
    if frame.empty:
        raise UsageError(f"nothing of the journal matches, {out} is not written: ask for more")
    frame = frame.astype({name: "Int64" for name in _WHOLE if name in frame})
    write_table(frame, out)
    return len(frame)
