"""`kaidan explain`: which features moved one answer of the bot, and what risk made of it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kaidan.bot.journal.reader import read_journal
from kaidan.commands.journal_choice import JournalName, chosen_journal
from kaidan.commands.options import ConfigDir, Json, answer, time_given
from kaidan.errors import UsageError
from kaidan.settings import Settings, load_settings

if TYPE_CHECKING:
    from kaidan.bot.journal.entry import Entry
    from kaidan.registry.explained import Explained

_FIGURES = (".png", ".svg", ".pdf")


def explain(
    bar: Annotated[str, typer.Option(metavar="TIME", help="The bar that opened then.")],
    name: JournalName = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw it, too: PNG, SVG or PDF.")
    ] = None,
    config: ConfigDir = None,
    as_json: Json = False,
) -> None:
    """Say which features moved the vote on one bar, and what strategies and risk made of it.

    The bar is read from the bot's journal, the model that answered from the registry.
    """
    time = time_given("--bar", bar).astimezone(UTC)
    if out is not None and out.suffix not in _FIGURES:
        raise UsageError(f"--out got {out.name!r}, wanted a name that ends in .png, .svg or .pdf")
    settings = load_settings(config)
    path = chosen_journal(name, None)
    entry, level, version = _entry(path, time)
    found = _explained(entry, level, version, settings)
    if out is not None:
        _draw(found, entry, out)

    from kaidan.commands.explain_report import explained_dict, report

    answer(
        {"journal": str(path), **explained_dict(found, entry)},
        lambda: report(found, entry),
        as_json=as_json,
    )


def _entry(path: Path, time: datetime) -> tuple["Entry", int, int]:
    """The bar, and the level and version that answered it."""
    with read_journal(path) as reader:
        entry, newest = reader.entry(time), reader.last_bar()
    at = f"{time:%Y-%m-%dT%H:%MZ}"
    if entry is None:
        raise UsageError(
            f"--bar got {at}, which {path.name} does not have; "
            + (f"wanted an open time up to {newest:%Y-%m-%dT%H:%MZ}" if newest else "it is empty")
        )
    said = entry.prediction
    if not entry.features:
        raise UsageError(
            f"--bar got {at}, for which {path.name} has no features: the bot was warming up or "
            "wrote none; name a later bar"
        )
    if said.level is None or entry.version is None:
        why = "; ".join(map(str, said.attempts)) or "no level was there"
        raise UsageError(
            f"--bar got {at}, which the dummy answered, and it weighs no features ({why}); "
            "name a bar that a level answered"
        )
    return entry, said.level, entry.version


def _explained(entry: "Entry", level: int, number: int, settings: Settings) -> "Explained":
    import pandas as pd

    from kaidan.features.contract import level_contract
    from kaidan.registry.explained import explain_answer
    from kaidan.registry.store import get_version

    names = level_contract(settings, 1).features
    if len(entry.features) != len(names):
        raise UsageError(
            f"the journal keeps {len(entry.features)} features of a bar, these settings have "
            f"{len(names)}; give --config the settings that the bot ran with"
        )
    return explain_answer(
        get_version(level, number),
        pd.Series(entry.features, index=list(names), dtype="float64"),
        entry.prediction.probabilities,
        entry.model_sha256,
    )


def _draw(found: "Explained", entry: "Entry", out: Path) -> None:
    from kaidan.commands.explain_report import drawn

    try:
        drawn(found, entry).savefig(out)
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror or error}") from error
