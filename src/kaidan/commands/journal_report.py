"""What `kaidan journal` shows a person: bars, trades and notes as tables."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from kaidan.bot.journal.entry import Entry
from kaidan.bot.journal.reader import Note


def bars_table(entries: Iterable[Entry], title: str) -> Table:
    """One row a bar."""
    table = _table(title)
    for heading in ("bar (UTC)", "close", "answer", "confidence", "level", "side", "equity"):
        table.add_column(heading, no_wrap=True, justify="left" if "bar" in heading else "right")
    table.add_column("why")
    for one in entries:
        said = one.prediction
        table.add_row(
            minute(one.bar.time),
            f"{one.bar.close:,.8g}",
            said.signal.name,
            f"{said.confidence:.3f}",
            "dummy" if said.level is None else str(said.level),
            one.side.name,
            f"{one.equity_share:.4f}",
            Text(_why(one)),
        )
    return table


def trades_table(trades: Iterable[Mapping[str, Any]], title: str) -> Table:
    """One row a trade, with whatever the broker says of it."""
    table, rows = _table(title), list(trades)
    for name in rows[0] if rows else ():
        table.add_column(name.replace("_", " "))
    for row in rows:
        table.add_row(*(Text(plain(value)) for value in row.values()))
    return table


def notes_table(notes: Iterable[Note], title: str) -> Table:
    """One row a note."""
    table = _table(title)
    table.add_column("when (UTC)", no_wrap=True)
    table.add_column("what", no_wrap=True)
    table.add_column("")
    for note in notes:
        table.add_row(f"{note.at:%Y-%m-%d %H:%M:%S}", Text(note.kind), Text(note.text))
    return table


def _why(entry: Entry) -> str:
    """The same in a few words: what is out of the ordinary, and what was done."""
    vetoes = ", ".join(str(veto["name"]) for veto in entry.vetoes)
    leaves = entry.verdict.get("exit")
    return "; ".join(
        [
            *([f"veto: {vetoes}"] if vetoes else []),
            *(f"closed: {trade['reason']}" for trade in entry.trades),
            *([f"leaves: {leaves}"] if leaves else []),
            *([f"order: {entry.order['side']} {entry.order['share']:.1%}"] if entry.order else []),
            *entry.arrival,
            *(str(attempt) for attempt in entry.prediction.attempts),
        ]
    )


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold")


def plain(value: Any) -> str:
    """Return a value of the journal as a person writes it."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {plain(one)}" for name, one in value.items()) or "nothing"
    if isinstance(value, list | tuple):
        return "; ".join(map(plain, value)) or "none"
    if isinstance(value, float):
        return f"{value:,.6g}"
    return "none" if value is None else str(value)


def minute(time: datetime) -> str:
    """Return a time to the minute."""
    return f"{time:%Y-%m-%d %H:%M}"
