"""`kaidan journal`: what the bot decided, bar by bar, and why; also while it runs."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from kaidan.bot.journal.reader import JournalReader, read_journal
from kaidan.commands.journal_choice import JournalFile, JournalName, chosen_journal
from kaidan.commands.journal_export import export, flat
from kaidan.commands.journal_list import list_journals
from kaidan.commands.journal_report import bars_table, notes_table, trades_table
from kaidan.commands.journal_story import story
from kaidan.commands.options import Json, answer, one_level, time_given
from kaidan.commands.table_file import require_table_name
from kaidan.errors import UsageError

_SHOWN = 20
_TIME = "ISO 8601, UTC if no zone is given"
_OF_BARS = frozenset({"--level", "--vetoed"})
_PART = _OF_BARS | {"--since", "--until", "--last", "--out"}
_USELESS = {
    "--bar": _PART,
    "--list": _PART | {"--name", "--file"},
    "--trades": _OF_BARS,
    "--notes": _OF_BARS,
}


def journal(
    name: JournalName = None,
    file: JournalFile = None,
    last: Annotated[
        int | None,
        typer.Option(min=1, help=f"How many; default: {_SHOWN}, or all with --since or --out."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help=f"From this time on: {_TIME}.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Before this time.")] = None,
    level: Annotated[
        str | None, typer.Option(metavar="{1,2,3}", help="Bars that this level answered.")
    ] = None,
    vetoed: Annotated[
        bool, typer.Option("--vetoed", help="Bars on which risk said no to opening.")
    ] = False,
    trades: Annotated[bool, typer.Option("--trades", help="Closed positions, not bars.")] = False,
    notes: Annotated[
        bool, typer.Option("--notes", help="What happened between bars, not bars.")
    ] = False,
    bar: Annotated[
        str | None, typer.Option(metavar="TIME", help="All of the bar that opened then.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Which journals there are.")] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Into a CSV or Parquet file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what the bot decided on each bar and why, what it traded, and what else happened.

    It can be asked while the bot runs, which does not wait for it.
    """
    view = _one_view({"--bar": bar, "--list": listed, "--trades": trades, "--notes": notes})
    _refuse_useless(
        view,
        {
            **{"--name": name, "--file": file, "--since": since, "--until": until},
            **{"--last": last, "--out": out, "--level": level, "--vetoed": vetoed},
        },
    )
    require_table_name(out)
    if listed:
        list_journals(as_json=as_json)
        return
    time = None if bar is None else time_given("--bar", bar).astimezone(UTC)
    wanted = _Wanted(
        since=None if since is None else time_given("--since", since).astimezone(UTC),
        until=None if until is None else time_given("--until", until).astimezone(UTC),
        last=_SHOWN if last is None and since is None and out is None else last,
        level=None if level is None else one_level(level),
        vetoed=vetoed,
    )
    path = chosen_journal(name, file)
    with read_journal(path) as reader:
        if time is not None:
            _bar(reader, time, as_json=as_json)
        elif out is not None:
            _export(reader, view, wanted, out, as_json=as_json)
        else:
            _show(reader, view, wanted, as_json=as_json)


@dataclass(frozen=True)
class _Wanted:
    """Which part of a journal."""

    since: datetime | None
    until: datetime | None
    last: int | None
    level: int | None
    vetoed: bool

    @property
    def when(self) -> dict[str, Any]:
        return {"since": self.since, "until": self.until, "last": self.last}

    @property
    def which(self) -> dict[str, Any]:
        return self.when | {"level": self.level, "vetoed": self.vetoed}


def _one_view(given: dict[str, Any]) -> str | None:
    """The option that asks for something else than bars."""
    chosen = [option for option, value in given.items() if value]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} got together, wanted one of them")
    return chosen[0] if chosen else None


def _refuse_useless(view: str | None, given: dict[str, Any]) -> None:
    for option, value in given.items():
        if view is not None and value and option in _USELESS[view]:
            raise UsageError(f"{view} got {option}, wanted it without: leave it out")


def _bar(reader: JournalReader, time: datetime, *, as_json: bool) -> None:
    entry = reader.entry(time)
    if entry is None:
        newest = reader.last_bar()
        raise UsageError(
            f"--bar got {time:%Y-%m-%dT%H:%MZ}, which {reader.path.name} does not have; "
            + (f"wanted an open time up to {newest:%Y-%m-%dT%H:%MZ}" if newest else "it is empty")
        )
    answer({"journal": str(reader.path), **entry.to_dict()}, lambda: story(entry), as_json=as_json)


def _show(reader: JournalReader, view: str | None, wanted: _Wanted, *, as_json: bool) -> None:
    about = {"journal": str(reader.path), "identity": reader.identity()}
    title = reader.path.stem
    if view == "--trades":
        found = list(reader.trades(**wanted.when))
        answer(
            about | {"trades": found},
            lambda: trades_table(found, f"{title}: trades") if found else "no trade",
            as_json=as_json,
        )
    elif view == "--notes":
        noted = list(reader.notes(**wanted.when))
        answer(
            about | {"notes": [note.to_dict() for note in noted]},
            lambda: notes_table(noted, f"{title}: notes") if noted else "no note",
            as_json=as_json,
        )
    else:
        bars = list(reader.entries(**wanted.which))
        answer(
            about | {"entries": [entry.to_dict() for entry in bars]},
            lambda: (
                bars_table(bars, f"{title}: {len(bars):,} of {reader.n_bars():,} bars")
                if bars
                else "no bar"
            ),
            as_json=as_json,
        )


def _export(
    reader: JournalReader, view: str | None, wanted: _Wanted, out: Path, *, as_json: bool
) -> None:
    if view == "--trades":
        n = export(reader.trades(**wanted.when), out)
    elif view == "--notes":
        n = export((note.to_dict() for note in reader.notes(**wanted.when)), out)
    else:
        n = export(map(flat, reader.entries(**wanted.which)), out)
    answer(
        {"journal": str(reader.path), "out": str(out), "n_rows": n},
        lambda: Text(f"{n:,} {view[2:] if view else 'bars'} written into {out}"),
        as_json=as_json,
    )
