"""`kaidan promote`, `rollback`, `status`: what is live, and how it changes."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.table import Table

from kaidan.commands.options import (
    ConfigDir,
    Json,
    ProfileName,
    answer,
    one_level,
    several_levels,
)
from kaidan.errors import UsageError
from kaidan.features.contract import LEVELS
from kaidan.settings import load_settings

OneLevel = Annotated[str, typer.Option(metavar="{1,2,3}", help="Which level.")]


def promote(
    level: OneLevel,
    version: Annotated[int, typer.Option(help="Registered version to put live.")],
    force: Annotated[
        bool, typer.Option("--force", help="Promote although a gate refuses.")
    ] = False,
    reason: Annotated[
        str, typer.Option(help="Why; required with --force, kept on the version.")
    ] = "",
    profile: ProfileName = None,
    config: ConfigDir = None,
    as_json: Json = False,
) -> None:
    """Hold a version against the gates, then make it the one in Production."""
    number = one_level(level)
    if force and not reason:
        raise UsageError("--force got no --reason TEXT; say why the gates are overruled")
    settings = load_settings(config).with_profile(profile)

    from kaidan.registry import promotion, store

    decision = promotion.promote(
        store.get_version(number, version), settings, force=force, reason=reason
    )
    answer(
        {"level": number, "version": version, "decision": decision.to_dict()},
        lambda: f"{store.model_name(number)} version {version} is live\n{decision}",
        as_json=as_json,
    )


def rollback(
    level: Annotated[str, typer.Option(metavar="{1,2,3,all}", help="Which level.")],
    to: Annotated[
        int | None, typer.Option(metavar="VERSION", help="Instead of the one that was replaced.")
    ] = None,
    config: ConfigDir = None,
    as_json: Json = False,
) -> None:
    """Put the previous Production version back."""
    levels = several_levels(level)
    if to is not None and len(levels) > 1:
        raise UsageError("--to got a version for all levels; name one --level")
    settings = load_settings(config)

    from kaidan.registry import promotion

    moved = []
    for number in levels:
        before, now = promotion.rollback(number, settings, to=to)
        moved.append({"level": number, "from": before.number, "to": now.number})
    answer(
        {"rolled_back": moved},
        lambda: "\n".join(
            "level {level}: version {to} is live again, instead of {from}".format(**one)
            for one in moved
        ),
        as_json=as_json,
    )


def status(as_json: Json = False) -> None:
    """Show what is live at each level, and since when."""
    from kaidan.registry import store

    rows = [_status(level, store.live_version(level), store) for level in LEVELS]
    answer({"levels": rows}, lambda: Group(_table(rows), *_next(rows)), as_json=as_json)


def _status(level: int, live: Any, store: Any) -> dict[str, Any]:
    if live is None:
        return {"level": level, "model": store.model_name(level), "version": None}
    metrics = store.run_metrics(live)
    return {
        "level": level,
        "model": live.name,
        "version": live.number,
        "stage": live.stage,
        "aliases": list(live.aliases),
        "verdict": live.tags.get("verdict"),
        "promoted_at": live.tags.get("promoted_at"),
        "trained_at": datetime.fromtimestamp(live.created_ms / 1e3, UTC).isoformat("T", "seconds"),
        "replaced_version": live.tags.get("replaced_version"),
        "git_commit": live.tags.get("git_commit"),
        "git_dirty": live.tags.get("git_dirty"),
        "model_sha256": live.tags.get("model_sha256"),
        "log_loss": metrics.get("oof.ensemble.log_loss"),
        "skill_vs_volatility_prior": metrics.get("oof.skill_vs_volatility_prior"),
    }


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(title="What is live", title_justify="left", title_style="bold")
    for heading in ("model", "version", "stage", "since (UTC)", "verdict", "replaced", "commit"):
        table.add_column(heading, no_wrap=True)
    table.add_column("log-loss\nout of fold", justify="right")
    table.add_column("skill against\nvolatility prior", justify="right")
    for row in rows:
        if row["version"] is None:
            table.add_row(row["model"], "-", "nothing")
            continue
        changed = "+" if row["git_dirty"] == "true" else ""
        table.add_row(
            row["model"],
            str(row["version"]),
            row["stage"],
            (row["promoted_at"] or "-")[:16].replace("T", " "),
            row["verdict"] or "-",
            row["replaced_version"] or "-",
            (row["git_commit"] or "-")[:8] + changed,
            _number(row["log_loss"], ".4f"),
            _number(row["skill_vs_volatility_prior"], "+.4f"),
        )
    return table


def _next(rows: list[dict[str, Any]]) -> list[str]:
    return [
        f"{row['model']}: nothing is live; kaidan train --level {row['level']}"
        for row in rows
        if row["version"] is None
    ]


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
