"""What `kaidan journal` shows a person: bars as a table, or the whole story of one."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from kaidan.bot.journal.entry import Entry
from kaidan.bot.journal.reader import Note

_WIDTH = 12


def bars_table(entries: Iterable[Entry], title: str) -> Table:
    """One row a bar."""
    table = _table(title)
    for heading in ("bar (UTC)", "close", "answer", "confidence", "level", "side", "equity"):
        table.add_column(heading, no_wrap=True, justify="left" if "bar" in heading else "right")
    table.add_column("why")
    for one in entries:
        said = one.prediction
        table.add_row(
            _minute(one.bar.time),
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
        table.add_row(*(Text(_plain(value)) for value in row.values()))
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


def story(entry: Entry) -> Text:
    """Everything that was written down about one bar, in the order in which it happened."""
    bar, said = entry.bar, entry.prediction
    who = "the dummy" if said.level is None else f"level {said.level} version {entry.version}"
    model = f", model {entry.model_sha256[:12]}" if entry.model_sha256 else ""
    sell, hold, buy = said.probabilities
    lines = [
        f"bar of {_minute(bar.time)} UTC: open {bar.open:,.8g}, high {bar.high:,.8g}, "
        f"low {bar.low:,.8g}, close {bar.close:,.8g}, volume {bar.volume:,.8g}",
        _line("arrived", "; ".join(entry.arrival) or "in order and in time"),
        _line("answer", f"{said.signal.name} with confidence {said.confidence:.3f} from {who}"),
        _line("", f"sell {sell:.3f}, hold {hold:.3f}, buy {buy:.3f}{model}"),
        *(_line("  out", str(attempt)) for attempt in said.attempts),
        *(_line("shadow", _plain(one)) for one in entry.shadow),
        _line("macro", _plain(entry.macro)),
        *_verdict(entry.verdict),
        *(_line("  veto", f"{veto['name']}: {veto['text']}") for veto in entry.vetoes),
        _line("order", _plain(entry.order)),
        *(_line("fill", _plain(fill)) for fill in entry.fills),
        *(_line("trade", _plain(trade)) for trade in entry.trades),
        _line("holds", f"{entry.side.name}, {entry.position_share:.1%} of the equity"),
        _line("equity", f"{entry.equity_share:.6f} of that at the start"),
        _line(
            "decided",
            f"{entry.decided_at:%Y-%m-%d %H:%M:%S} UTC, {entry.latency_us:,.0f} µs after the bar "
            f"was there, on features {entry.features_sha256[:12]}",
        ),
    ]
    return Text("\n".join(lines))


def _verdict(verdict: Mapping[str, Any]) -> list[str]:
    """What is plain on one line, and one line for each part; vetoes and order have their own."""
    short, parts = {}, []
    for name, value in verdict.items():
        if name in ("vetoes", "order") or value is None:
            continue
        if isinstance(value, Mapping):
            parts.append(_line(f"  {name}", _plain(value)))
        else:
            short[name] = value
    return [_line("verdict", _plain(short)), *parts]


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


def _line(label: str, text: str) -> str:
    return f"  {label:<{_WIDTH}}{text}"


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(one)}" for name, one in value.items()) or "nothing"
    if isinstance(value, list | tuple):
        return "; ".join(map(_plain, value)) or "none"
    if isinstance(value, float):
        return f"{value:,.6g}"
    return "none" if value is None else str(value)


def _minute(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M}"
