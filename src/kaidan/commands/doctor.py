"""`kaidan doctor`: what must hold for the bot to be served: checked, mended from the history."""

from typing import Annotated

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from kaidan.commands.options import ConfigDir, Json, answer
from kaidan.registry.health.examination import Checkup, Health
from kaidan.settings import load_settings

_STYLES = {Health.ok: "green", Health.warn: "yellow", Health.fail: "bold red"}


def doctor(
    fix: Annotated[
        bool,
        typer.Option(
            "--fix",
            help="Mend what the history can mend: stage, aliases, what was cut off, the cache.",
        ),
    ] = False,
    config: ConfigDir = None,
    as_json: Json = False,
) -> None:
    """Check store, history, live versions and cache; exit 1 when something fails.

    With --fix: first bring everything back to what the history says, then check again.
    """
    settings = load_settings(config)

    from kaidan.serving.checkup import check, mend

    found = check(settings)
    done = mend(found, settings) if fix else []
    if done:
        found = check(settings)
    answer(
        found.to_dict() | ({"fixed": done} if fix else {}),
        lambda: Group(*map(Text, done), _table(found), _verdict(found)),
        as_json=as_json,
    )
    if not found.healthy:
        raise typer.Exit(1)


def _table(found: Checkup) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for _ in ("state", "level", "check"):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in found.findings:
        said = Text(one.found)
        if one.do:
            said.append(f"\n-> {one.do}", style="bold")
        level = "" if one.level is None else f"level {one.level}"
        table.add_row(Text(one.state, style=_STYLES[one.state]), level, one.name, said)
    return table


def _verdict(found: Checkup) -> Text:
    failures, warnings = found.count(Health.fail), found.count(Health.warn)
    style = _STYLES[Health.ok if found.healthy else Health.fail]
    word = "healthy" if found.healthy else "not healthy"
    return Text(f"{word}: {_many(failures, 'failure')}, {_many(warnings, 'warning')}", style=style)


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
