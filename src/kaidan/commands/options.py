"""Options that several commands have, and how they answer: a table or one JSON object."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kaidan.errors import UsageError
from kaidan.features.contract import LEVELS
from kaidan.registry.legacy.names import level_of

if TYPE_CHECKING:
    from rich.console import RenderableType

ConfigDir = Annotated[
    Path | None, typer.Option("--config", metavar="DIR", help="Settings instead of kaidan's own.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, logs on stderr.")]
MacroUri = Annotated[
    str,
    typer.Option(
        metavar="URI",
        help="Macro data: a CSV or Parquet file, `live`, or nothing (the sample brings its own).",
    ),
]


class Profile(StrEnum):
    """Profile of the gates."""

    default = "default"
    strict = "strict"


ProfileName = Annotated[
    Profile | None,
    typer.Option(help="Gates to pass; `strict` wants direction to be found, too."),
]


def one_level(given: str) -> int:
    """A level by number, by its registered model, or by an old name (which warns).

    Raises
    ------
    UsageError
        Not one of three levels.
    """
    level = _level(given)
    if level is None:
        raise UsageError(f"--level got {given!r}, wanted 1, 2 or 3")
    return level


def several_levels(given: str) -> tuple[int, ...]:
    """A level as `one_level` takes it, or `all`.

    Raises
    ------
    UsageError
        Neither.
    """
    if given == "all":
        return LEVELS
    level = _level(given)
    if level is None:
        raise UsageError(f"--level got {given!r}, wanted 1, 2, 3 or all")
    return (level,)


def _level(given: str) -> int | None:
    present = {name: level for level in LEVELS for name in (str(level), f"ensemble_level{level}")}
    if given in present:
        return present[given]
    level = level_of(given)
    if level is not None:
        sys.stderr.write(f"kaidan: --level {given} is an old name, say --level {level}\n")
    return level


def time_given(option: str, given: str) -> datetime:
    """A time in ISO 8601, in UTC where it names no zone.

    Raises
    ------
    UsageError
        It is none.
    """
    try:
        found = datetime.fromisoformat(given)
    except ValueError as error:
        raise UsageError(
            f"{option} got {given!r}, wanted a time such as 2026-11-01T12:00Z"
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@contextmanager
def fetching(*, visible: bool) -> Iterator[Callable[[float], None]]:
    """Show how much of an exchange's history has been fetched; told the share done, 0 to 1."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = (TextColumn("fetching bars"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not visible) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda share: bar.update(task, completed=share)


def answer(result: dict[str, Any], shown: Callable[[], "RenderableType"], *, as_json: bool) -> None:
    """Write a result to stdout, for a machine or for a person."""
    if as_json:
        sys.stdout.write(json.dumps(result, default=str) + "\n")
    else:
        from rich.console import Console

        # A pipe has no width of its own, and a table cut at 80 columns cannot be read.
        Console(width=None if sys.stdout.isatty() else 140).print(shown())
