"""`kaidan train`: from bars to a registered, and if the gates agree live, version."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from kaidan.commands.options import (
    ConfigDir,
    Json,
    MacroUri,
    answer,
    fetching,
    several_levels,
)
from kaidan.errors import UsageError
from kaidan.home import kaidan_home
from kaidan.settings import load_settings

if TYPE_CHECKING:
    from kaidan.evaluation.report import Judged
    from kaidan.registry.training_run import Progress as Tell
    from kaidan.registry.training_run import Trained


class Promote(StrEnum):
    """Whether a version that passes the gates goes live at once."""

    auto = "auto"
    never = "never"


def train(
    level: Annotated[str, typer.Option(metavar="{1,2,3,all}", help="Which level to train.")],
    data: Annotated[
        str,
        typer.Option(
            metavar="URI",
            help="Bars: `sample`, a CSV or Parquet file, or `exchange:bitbank/BTC_JPY`.",
        ),
    ] = "sample",
    macro: MacroUri = "",
    days: Annotated[int, typer.Option(help="Learn from the last N days of the data.")] = 180,
    trials: Annotated[int, typer.Option(help="Tuning trials; only 0 until tuning is built.")] = 0,
    promote: Annotated[
        Promote, typer.Option(help="Put a version live when the gates agree, or never.")
    ] = Promote.auto,
    seed: Annotated[int | None, typer.Option(help="Instead of the seed in training.yaml.")] = None,
    config: ConfigDir = None,
    as_json: Json = False,
) -> None:
    """Train, judge, log and register a level; promote it if the gates agree."""
    levels = several_levels(level)
    if trials:
        raise UsageError(f"--trials got {trials}, wanted 0: tuning is not built yet")
    settings = load_settings(config)
    if seed is not None:
        settings = settings.with_seed(seed)

    from kaidan.learning.dataset import build_history
    from kaidan.market.source import data_sha256, load_bars, load_macro
    from kaidan.registry.run_log import Request
    from kaidan.registry.training_run import steps_per_level, train_levels

    home = kaidan_home()
    visible = sys.stdout.isatty() and not as_json
    with fetching(visible=visible and data.startswith("exchange:")) as on_page:
        bars = load_bars(
            data,
            days=days,
            home=home,
            extra_bars=settings.levels.warmup_bars - 1,
            on_page=on_page,
        )
    macro_frame = load_macro(macro, bars_uri=data, home=home)
    history = build_history(bars, macro_frame, settings, days=days, source=data)
    steps = len(levels) * steps_per_level(settings)
    with _progress(steps, visible=visible) as tell:
        trained = train_levels(
            levels,
            history,
            Request(data=data, macro=macro, days=days, trials=trials, promote=promote.value),
            settings,
            data_sha256=data_sha256(bars, macro_frame),
            progress=tell,
        )
    answer(
        {"gaps": history.gaps.to_dict(), "levels": [one.to_dict() for one in trained]},
        lambda: Group(str(history.gaps), *(_shown(one) for one in trained), _next(trained)),
        as_json=as_json,
    )


@contextmanager
def _progress(steps: int, *, visible: bool) -> Iterator["Tell"]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=not visible) as bar:
        task = bar.add_task("starting", total=steps)
        yield lambda level, what: bar.update(task, advance=1, description=f"level {level}: {what}")


def _shown(one: "Trained") -> RenderableType:
    state = "LIVE" if one.live else one.decision.verdict
    title = (
        f"{one.version.name} version {one.version.number}: {state} "
        f"({one.seconds:.0f} s, {one.peak_mb:.0f} MB)"
    )
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("")
    for part in ("out of fold", "hold-out"):
        for heading in ("log-loss", "macro F1", "ECE"):
            table.add_column(f"{part}\n{heading}", justify="right")
    for name in one.out_of_fold.scores:
        style = "bold" if name == "ensemble" else None
        table.add_row(
            name.replace("_", " "),
            *_scores(one.out_of_fold, name),
            *_scores(one.holdout, name),
            style=style,
        )
    skills = "\n".join(
        f"  skill against the {name.replace('_', ' ')}, out of fold: {one.out_of_fold.skills[name]}"
        for name in ("prior", "volatility_prior")
    )
    return Group("", table, f"{skills}\n{one.decision}")


def _scores(judged: "Judged", name: str) -> tuple[str, ...]:
    found = judged.scores[name]
    return f"{found.log_loss:.4f}", f"{found.macro_f1:.3f}", f"{found.ece:.3f}"


def _next(trained: "list[Trained]") -> str:
    live = [one.version.name for one in trained if one.live]
    lines = [
        "",
        *(f"load it with mlflow.pyfunc.load_model('models:/{n}/Production')" for n in live),
    ]
    return "\n".join([*lines, "see the runs with: mlflow ui"])
