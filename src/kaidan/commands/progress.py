"""A bar for work that is done level by level."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def level_progress(steps: int, *, visible: bool) -> Iterator[Callable[[int, str], None]]:
    """Show a bar on stderr; told level and what was finished."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=not visible) as bar:
        task = bar.add_task("starting", total=steps)
        yield lambda level, what: bar.update(task, advance=1, description=f"level {level}: {what}")
