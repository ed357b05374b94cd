"""`kaidan tune`: better parameters for the members, and what they are worth on unseen bars."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table

from kaidan.commands.market_data import DataUri, Days, Seed, read_history
from kaidan.commands.options import ConfigDir, Json, MacroUri, answer, several_levels
from kaidan.commands.progress import level_progress
from kaidan.errors import UsageError
from kaidan.settings import load_settings

if TYPE_CHECKING:
    from kaidan.registry.tuning_run import TunedLevel

# The bootstrap resamples days; from fewer than ten of them it makes an interval of no meaning.
FEWEST_BARS = 960


def tune(
    level: Annotated[str, typer.Option(metavar="{1,2,3,all}", help="Which level to tune.")],
    trials: Annotated[
        int, typer.Option(help="Trials of each member; earlier ones on the same data count.")
    ],
    timeout_minutes: Annotated[
        float | None, typer.Option(help="Begin no trial after so many minutes.")
    ] = None,
    data: DataUri = "sample",
    macro: MacroUri = "",
    days: Days = 180,
    seed: Seed = None,
    config: ConfigDir = None,
    as_json: Json = False,
) -> None:
    """Search the members' parameters; go on with a search that was cut short."""
    levels = several_levels(level)
    if trials < 1:
        raise UsageError(f"--trials got {trials}, wanted 1 or more")
    if timeout_minutes is not None and not timeout_minutes > 0:
        raise UsageError(f"--timeout-minutes got {timeout_minutes:g}, wanted more than 0")
    settings = load_settings(config)
    if seed is not None:
        settings = settings.with_seed(seed)

    from kaidan.registry.run_log import Request
    from kaidan.registry.tuning_run import tune_levels, tuning_steps

    visible = sys.stdout.isatty() and not as_json
    history, sha256 = read_history(data, macro, days, settings, visible=visible)
    steps = len(levels) * tuning_steps(settings, trials, judged=True)
    with level_progress(steps, visible=visible) as tell:
        tuned = tune_levels(
            levels,
            history,
            Request(data=data, macro=macro, days=days, trials=trials, promote="never"),
            settings,
            data_sha256=sha256,
            progress=tell,
            judged=True,
            timeout_s=float("inf") if timeout_minutes is None else 60 * timeout_minutes,
        )
    short = any(m.n_trials < trials for one in tuned for m in one.members.values())
    then = _train_command(
        level, trials, data=data, macro=macro, days=days, seed=seed, config=config
    )
    answer(
        {
            "gaps": history.gaps.to_dict(),
            "levels": [one.to_dict() | {"verdict": _verdict(one)} for one in tuned],
            "next": then,
        },
        lambda: Group(
            str(history.gaps),
            *(_shown(one) for one in tuned),
            "",
            *(["time ran out: the next command tries the other trials first"] * short),
            "no version was registered; train one with the best parameters: " + then,
        ),
        as_json=as_json,
    )


def _shown(one: "TunedLevel") -> RenderableType:
    table = Table(
        title=f"level {one.level}, log-loss on the purged folds",
        title_justify="left",
        title_style="bold",
    )
    for heading in ("", "configured", "best", "trials", "pruned"):
        table.add_column(heading, justify="right" if heading else "left")
    table.add_column("changed")
    for name, tuned in one.members.items():
        table.add_row(
            name.replace("_", " "),
            f"{tuned.configured_loss:.4f}",
            f"{tuned.loss:.4f}",
            str(tuned.n_trials),
            str(tuned.n_pruned),
            ", ".join(
                f"{param} {tuned.configured[param]:.3g} to {value:.3g}"
                for param, value in tuned.changed.items()
            )
            or "nothing",
        )
    return Group("", table, _verdict(one))


def _verdict(one: "TunedLevel") -> str:
    """What tuning bought, in plain words."""
    if one.gain is None:
        return "Tuning found nothing better than the configured parameters."
    if one.n_holdout < FEWEST_BARS:
        bought = f"too few bars to tell anything from luck, use more --days ({FEWEST_BARS} wanted)"
    elif one.gain.low > 0:
        bought = "tuning helped"
    elif one.gain.high < 0:
        bought = "tuning did harm: keep the configured parameters"
    else:
        bought = "nothing that this hold-out can tell from luck"
    return (
        f"On {one.n_holdout:,} hold-out bars that nothing had seen, the tuned ensemble saves "
        f"{one.gain} nats a bar (95 %): {bought}."
    )


def _train_command(
    level: str,
    trials: int,
    *,
    data: str,
    macro: str,
    days: int,
    seed: int | None,
    config: Path | None,
) -> str:
    words = ["kaidan", "train", "--level", level, "--trials", str(trials)]
    words += ["--data", data, "--days", str(days)]
    for option, value in (("--macro", macro), ("--seed", seed), ("--config", config)):
        if value not in (None, ""):
            words += [option, str(value)]
    return shlex.join(words)
