"""Options that several commands have, and how they answer: a table or one JSON object."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from kaidan.errors import UsageError
from kaidan.features.contract import LEVELS

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
    """A level by number.

    Raises
    ------
    UsageError
        Not 1, 2 or 3.
    """
    if given not in {str(level) for level in LEVELS}:
        raise UsageError(f"--level got {given!r}, wanted 1, 2 or 3")
    return int(given)


def several_levels(given: str) -> tuple[int, ...]:
    """A level by number, or `all`.

    Raises
    ------
    UsageError
        Neither.
    """
    if given == "all":
        return LEVELS
    if given not in {str(level) for level in LEVELS}:
        raise UsageError(f"--level got {given!r}, wanted 1, 2, 3 or all")
    return (int(given),)


@contextmanager
def fetching(*, visible: bool) -> Iterator[Callable[[float], None]]:
    """Show how much of an exchange's history has been fetched; told the share done, 0 to 1."""
    columns = (TextColumn("fetching bars"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not visible) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda share: bar.update(task, completed=share)


def answer(result: dict[str, Any], shown: Callable[[], RenderableType], *, as_json: bool) -> None:
    """Write a result to stdout, for a machine or for a person."""
    if as_json:
        sys.stdout.write(json.dumps(result, default=str) + "\n")
    else:
        # A pipe has no width of its own, and a table cut at 80 columns cannot be read.
        Console(width=None if sys.stdout.isatty() else 140).print(shown())
