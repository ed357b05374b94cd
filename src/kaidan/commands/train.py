"""`kaidan train`: from bars to a registered, and if the gates agree live, version."""

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table

from kaidan.commands.market_data import DataUri, Days, Seed, read_history
from kaidan.commands.options import (
    ConfigDir,
    Json,
    MacroUri,
    ProfileName,
    answer,
    several_levels,
)
from kaidan.commands.progress import level_progress
from kaidan.errors import UsageError
from kaidan.settings import load_settings

if TYPE_CHECKING:
    from kaidan.evaluation.report import Judged
    from kaidan.learning.tuned_params import TunedParams
    from kaidan.registry.trained import Trained


class Promote(StrEnum):
    """Whether a version that passes the gates goes live at once."""

    auto = "auto"
    never = "never"


def train(
    level: Annotated[str, typer.Option(metavar="{1,2,3,all}", help="Which level to train.")],
    data: DataUri = "sample",
    macro: MacroUri = "",
    days: Days = 180,
    trials: Annotated[
        int,
        typer.Option(
            help="Tune each member with N trials first, or go on with `kaidan tune`; "
            "0 takes the parameters of the live version."
        ),
    ] = 0,
    untuned: Annotated[
        bool, typer.Option("--untuned", help="Take the parameters of training.yaml.")
    ] = False,
    promote: Annotated[
        Promote, typer.Option(help="Put a version live when the gates agree, or never.")
    ] = Promote.auto,
    profile: ProfileName = None,
    seed: Seed = None,
    config: ConfigDir = None,
    as_json: Json = False,
) -> None:
    """Train, judge, log and register a level; promote it if the gates agree."""
    levels = several_levels(level)
    if trials < 0:
        raise UsageError(f"--trials got {trials}, wanted 0 or more")
    if trials and untuned:
        raise UsageError("--untuned got --trials too; tuned or untuned, take one of them")
    settings = load_settings(config).with_profile(profile)
    if seed is not None:
        settings = settings.with_seed(seed)

    from kaidan.registry.run_log import Request
    from kaidan.registry.training_run import steps_per_level, train_levels
    from kaidan.registry.tuning_run import tune_levels, tuning_steps

    visible = sys.stdout.isatty() and not as_json
    history, sha256 = read_history(data, macro, days, settings, visible=visible)
    request = Request(data=data, macro=macro, days=days, trials=trials, promote=promote.value)
    steps = steps_per_level(settings) + tuning_steps(settings, trials, judged=False)
    with level_progress(len(levels) * steps, visible=visible) as tell:
        params: dict[int, TunedParams] | None = {} if untuned else None
        if trials:
            tuned = tune_levels(
                levels, history, request, settings, data_sha256=sha256, progress=tell, judged=False
            )
            params = {one.level: one.params for one in tuned}
        trained = train_levels(
            levels, history, request, settings, data_sha256=sha256, progress=tell, params=params
        )
    answer(
        {"gaps": history.gaps.to_dict(), "levels": [one.to_dict() for one in trained]},
        lambda: Group(str(history.gaps), *(_shown(one) for one in trained), _next(trained)),
        as_json=as_json,
    )


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
    out_of_fold, holdout = one.out_of_fold, one.holdout
    for name in out_of_fold.scores:
        style = "bold" if name == "ensemble" else None
        table.add_row(
            name.replace("_", " "),
            *_scores(out_of_fold, name),
            *_scores(holdout, name),
            style=style,
        )
    skills = "\n".join(
        f"  skill against the {name.replace('_', ' ')}, out of fold: {out_of_fold.skills[name]}"
        for name in ("prior", "volatility_prior")
    )
    tuned = "\n  tuned parameters were used" if "tuned_params" in one.version.tags else ""
    return Group("", table, f"{skills}{tuned}\n{one.decision}")


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
