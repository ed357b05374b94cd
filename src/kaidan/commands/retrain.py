"""`kaidan retrain`: the week's release, from bars to promoted or refused, once."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kaidan.commands.market_data import DataUri, Days, Seed, read_history
from kaidan.commands.options import ConfigDir, Json, MacroUri, ProfileName, answer
from kaidan.commands.progress import level_progress
from kaidan.errors import RefusedError, UsageError
from kaidan.home import kaidan_home
from kaidan.settings import load_settings

if TYPE_CHECKING:
    from rich.console import RenderableType

    from kaidan.learning.dataset import History
    from kaidan.monitoring.retraining.retrained import Retrained
    from kaidan.monitoring.retraining.standing import Standing
    from kaidan.settings import Settings

_OLD_DAYS = 7


def retrain(
    data: DataUri = "sample",
    macro: MacroUri = "",
    days: Days = 180,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Train nothing; say what would be done.")
    ] = False,
    summary: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Append the decision card, in markdown, to a file."),
    ] = None,
    profile: ProfileName = None,
    seed: Seed = None,
    config: ConfigDir = None,
    as_json: Json = False,
) -> None:
    """Train the week's release, promote it if the gates agree, tell what came of it.

    The week is that of the last bar and begins on Sunday at 18:00 in Tokyo. Once it is decided,
    the decision is told again, with the same exit code: 3 when no level went live. One that was
    killed is gone on with. Whom KAIDAN_ALERT_URLS names is told, too. From cron, on a machine
    that keeps UTC: 0 9 * * 0 kaidan retrain --data exchange:bitbank/BTC_JPY --macro live
    """
    if summary is not None and not summary.parent.is_dir():
        raise UsageError(f"cannot write {summary}: {summary.parent} is no folder; make it first")
    settings = load_settings(config).with_profile(profile)
    if seed is not None:
        settings = settings.with_seed(seed)

    from kaidan.monitoring.retraining.lock import alone
    from kaidan.monitoring.retraining.retrain import standing_of
    from kaidan.monitoring.retraining.telling import failures_told, tell_once

    visible = sys.stdout.isatty() and not as_json
    home = kaidan_home()
    if dry_run:
        history, sha256 = read_history(data, macro, days, settings, visible=visible)
        _tell_of_old_bars(history, data)
        _say_what_would_be_done(standing_of(history, settings, sha256), history, as_json=as_json)
        return
    with alone(home), failures_told(settings, home):
        history, sha256 = read_history(data, macro, days, settings, visible=visible)
        _tell_of_old_bars(history, data)
        standing = standing_of(history, settings, sha256)
        asked = {"data": data, "macro": macro, "days": days}
        found = _retrained(standing, history, sha256, settings, asked, visible=visible)
        if summary is not None:
            _append(summary, found.to_markdown())
        tell_once(found, settings, home)
    answer(found.to_dict(), lambda: _shown(found), as_json=as_json)
    if not found.promoted:
        raise RefusedError(f"{found.refusals}; what is live stays")


def _retrained(
    standing: "Standing",
    history: "History",
    sha256: str,
    settings: "Settings",
    asked: dict[str, Any],
    *,
    visible: bool,
) -> "Retrained":
    from kaidan.monitoring.retraining.retrain import retrain as go_on
    from kaidan.registry.run_log import Request
    from kaidan.registry.training_run import steps_per_level

    steps = len(standing.lacking) * steps_per_level(settings)
    with level_progress(steps, visible=visible) as tell:
        return go_on(
            standing,
            history,
            Request(**asked, trials=0, promote="auto"),
            settings,
            data_sha256=sha256,
            progress=tell,
        )


def _tell_of_old_bars(history: "History", data: str) -> None:
    """A file that nobody writes any more would have its last week decided for ever."""
    age = datetime.now(UTC) - history.bars.index[-1].to_pydatetime()
    if data != "sample" and age.days >= _OLD_DAYS:
        sys.stderr.write(
            f"kaidan: the last bar of {data} is {age.days} days old, so this is the retraining of "
            "its week; fetch newer bars for that of this week\n"
        )


def _say_what_would_be_done(standing: "Standing", history: "History", *, as_json: bool) -> None:
    answer(
        {
            "week": standing.week,
            "would": standing.todo,
            "release": standing.release,
            "train": list(standing.lacking),
            "gaps": history.gaps.to_dict(),
        },
        lambda: f"{history.gaps}\nweek {standing.week}: would be done: {standing.todo}",
        as_json=as_json,
    )


def _append(file: Path, card: str) -> None:
    try:
        with file.open("a", encoding="utf-8") as opened:
            opened.write(card)
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror or error}") from error


def _shown(found: "Retrained") -> "RenderableType":
    from rich.console import Group
    from rich.table import Table

    table = Table(
        title=f"Retraining, week of {found.week}: {found.verdict}",
        title_justify="left",
        title_style="bold",
    )
    for heading in ("level", "version", "verdict", "before", "live now", "refused by"):
        table.add_column(heading)
    for one in found.rulings:
        table.add_row(
            str(one.version.level),
            str(one.version.number),
            one.move.verdict,
            str(one.move.before or "-"),
            str(found.live_now[one.version.level] or "-"),
            ", ".join(one.refused_by) or "-",
        )
    return Group(table, *([found.watch] if found.watched else []), f"this call: {found.did}")
