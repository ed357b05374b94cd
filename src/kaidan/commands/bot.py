"""`kaidan bot`: bars in, explained decisions out; on paper."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from kaidan.commands.options import ConfigDir, Json, answer
from kaidan.errors import UsageError
from kaidan.settings import load_settings

if TYPE_CHECKING:
    from kaidan.bot.tick import Decided


def bot(
    source: Annotated[
        str,
        typer.Option(
            metavar="SOURCE",
            help="replay:FILE, replay:sample, or exchange:NAME/BASE_QUOTE such as "
            "exchange:bitbank/BTC_JPY.",
        ),
    ],
    macro: Annotated[
        str,
        typer.Option(
            metavar="URI",
            help="A CSV or Parquet file, `live`, or `none`. Default: `live` for an exchange, that "
            "of the sample for the sample, else none.",
        ),
    ] = "",
    paper: Annotated[
        bool, typer.Option("--paper", help="Trade on paper; wanted for an exchange.")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="Stop after the first decision.")] = False,
    cached: Annotated[
        bool, typer.Option("--cached", help="Use the local copy of the models; ask no registry.")
    ] = False,
    name: Annotated[
        str | None, typer.Option(help="Of its journal; default: made from the source.")
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin a new journal; the old one is put aside.")
    ] = False,
    health: Annotated[
        bool | None,
        typer.Option(
            "--health/--no-health",
            help="Answer /healthz and /metrics. Default: for an exchange.",
        ),
    ] = None,
    config: ConfigDir = None,
    as_json: Json = False,
) -> None:
    """Decide on each bar as it closes, write down why, and trade on paper.

    Every bar is decided exactly once: a bot that was stopped or killed goes on where it was.
    SIGTERM and Ctrl-C stop it between two bars. `kaidan journal` shows what it did.
    """
    settings = load_settings(config)

    from kaidan.bot.log import logging_to
    from kaidan.bot.plan import EXCHANGE, Plan, default_name

    chosen = default_name(source) if name is None else name
    live = source.startswith(EXCHANGE)
    if live and not paper:
        raise UsageError(
            f"--source got {source} without --paper: kaidan places no live orders, say --paper"
        )
    plan = Plan(
        source=source,
        macro=_macro(macro, source, live=live),
        name=chosen,
        once=once,
        cached=cached,
        restart=restart,
        serves=live if health is None else health,
        config=config,
    )
    stop = threading.Event()

    from kaidan.bot.start import run_bot

    visible = not live and sys.stderr.isatty() and not as_json
    with _stopped_by_signals(stop), logging_to(), _counting(visible=visible) as (length, decided):
        summary = run_bot(plan, settings, stop, on_decision=decided, on_length=length)
    answer(summary.to_dict(), lambda: str(summary), as_json=as_json)


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    before = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _macro(given: str, source: str, *, live: bool) -> str:
    if not given:
        return "live" if live else "sample" if source == "replay:sample" else ""
    return "" if given == "none" else given


@contextmanager
def _counting(
    *, visible: bool
) -> "Iterator[tuple[Callable[[int], None], Callable[[Decided], None]]]":
    """Show on stderr how far a replay is; told how long it is, and then each decision."""
    if not visible:
        yield lambda _: None, lambda _: None
        return
    # A bot without a terminal need not carry it.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
    from rich.progress import TimeRemainingColumn as Left

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), Left())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("reading bars", total=None)
        yield (
            lambda n_bars: bar.update(task, total=n_bars),
            lambda decided: bar.update(
                task, advance=1, description=f"bar of {decided.entry.bar.time:%Y-%m-%d %H:%M}"
            ),
        )
