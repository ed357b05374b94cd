"""`kaidan backtest`: what the answers would have earned on bars that no model has learnt from."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kaidan.commands.market_data import read_market
from kaidan.commands.options import ConfigDir, Json, MacroUri, answer, one_level
from kaidan.errors import UsageError
from kaidan.home import kaidan_home
from kaidan.settings import load_settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kaidan.bot.frozen import FrozenResult
    from kaidan.bot.walk_result import WalkResult

TRAIN_DAYS, TEST_DAYS = 180, 30

Keep = Callable[["FrozenResult | WalkResult", "Figure"], str | None]


def backtest(
    data: Annotated[str, typer.Option(metavar="URI", help="Bars; as for train.")],
    macro: MacroUri = "",
    level: Annotated[
        str | None, typer.Option(metavar="{1,2,3}", help="Ask this level only.")
    ] = None,
    days: Annotated[int | None, typer.Option(help="Only the last N days of the data.")] = None,
    cached: Annotated[
        bool,
        typer.Option(
            "--cached",
            help="Use the local copy of the models, on bars after it was fetched; no MLflow.",
        ),
    ] = False,
    walk_forward: Annotated[
        bool,
        typer.Option(
            "--walk-forward", help="Train anew as time goes on, instead of asking what is live."
        ),
    ] = False,
    train_days: Annotated[
        int | None, typer.Option(help=f"Walk-forward: days to learn from ({TRAIN_DAYS}).")
    ] = None,
    test_days: Annotated[
        int | None, typer.Option(help=f"Walk-forward: days to answer after them ({TEST_DAYS}).")
    ] = None,
    step_days: Annotated[
        int | None,
        typer.Option(help="Walk-forward: days between trainings (--test-days)."),
    ] = None,
    tried: Annotated[
        int | None,
        typer.Option(help="Variants tried, to deflate the Sharpe ratio (all registered)."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the trades into a CSV file.")
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw equity and drawdown into a PNG file.")
    ] = None,
    config: ConfigDir = None,
    as_json: Json = False,
) -> None:
    """Replay bars through features, ladder and engine as live, after fees and slippage."""
    _check_files(out, figure)
    if tried is not None and tried < 1:
        raise UsageError(f"--tried got {tried}, wanted 1 or more")
    if walk_forward and cached:
        raise UsageError("--cached got --walk-forward, which trains its own models; drop one")
    lengths = {"train": train_days, "test": test_days, "step": step_days}
    _check_lengths(lengths, walk_forward=walk_forward)
    settings = load_settings(config)
    if level is not None:
        settings = settings.with_ladder((one_level(level),))

    from kaidan.commands.backtest_jobs import frozen_job, walking_job
    from kaidan.commands.backtest_report import shown
    from kaidan.evaluation import plots

    visible = sys.stdout.isatty() and not as_json
    bars, macro_frame = read_market(data, macro, days, settings, visible=visible)
    if walk_forward:
        levels = tuple(settings.bot.ladder.levels)
        if level is None and macro_frame is None:
            levels = tuple(number for number in levels if number != 1)
        job = walking_job(
            bars,
            macro_frame,
            settings,
            levels,
            source=data,
            train_days=train_days or TRAIN_DAYS,
            test_days=test_days or TEST_DAYS,
            step_days=step_days or test_days or TEST_DAYS,
            visible=visible,
        )
    else:
        job = frozen_job(bars, macro_frame, settings, home=kaidan_home(), from_cache=cached)
    n_tried = tried or (1 if cached else _versions(job.levels))
    title = f"{job.name}, {Path(data).stem or data}"
    keeping: AbstractContextManager[Keep] = nullcontext(lambda _result, _figure: None)
    if not cached:
        from kaidan.bot.backtest_log import backtest_run

        asked = {"mode": job.mode, "data": data, "macro": macro, "n_tried": n_tried}
        shared = {"config_id": settings.config_id, **settings.bot.trading.model_dump()}
        keeping = backtest_run(title, asked | job.params | shared, job.tags)
    with keeping as keep:
        result = job.work(n_tried)
        drawn = plots.equity(result.done.times, result.done.curves, title)
        run_id = keep(result, drawn)
    if out is not None:
        _write(out, lambda: result.done.trades().to_csv(out, index=False))
    if figure is not None:
        _write(figure, lambda: drawn.savefig(figure, format="png"))
    answer(
        {"data": data, "run_id": run_id, **result.to_dict()},
        lambda: shown(result, title),
        as_json=as_json,
    )


def _check_lengths(lengths: dict[str, int | None], *, walk_forward: bool) -> None:
    for name, days in lengths.items():
        if days is None:
            continue
        if not walk_forward:
            raise UsageError(f"--{name}-days got {days} without --walk-forward; add it")
        if days < 1:
            raise UsageError(f"--{name}-days got {days}, wanted 1 or more")


def _versions(levels: tuple[int, ...]) -> int:
    from kaidan.registry.store import newest_number

    return max(1, sum(newest_number(level) for level in levels))


def _check_files(out: Path | None, figure: Path | None) -> None:
    for option, path, suffix in (("--out", out, ".csv"), ("--figure", figure, ".png")):
        if path is None:
            continue
        if path.suffix != suffix:
            raise UsageError(f"{option} got {path.name!r}, wanted a name that ends in {suffix}")
        if not path.parent.is_dir():
            raise UsageError(f"cannot write {path}: {path.parent} is no folder; make it first")


def _write(path: Path, write: Callable[[], object]) -> None:
    try:
        write()
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
