"""`kaidan status`: what is live at each level, why, since when, and what it could go back to."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from kaidan.commands.options import Json, answer
from kaidan.features.contract import LEVELS
from kaidan.registry.health.examination import FIX

if TYPE_CHECKING:
    from kaidan.registry.record import Record
    from kaidan.registry.store import Version

_STORY = ("since", "by", "action", "why", "record", "instead_of", "way_back")


def status(as_json: Json = False) -> None:
    """Show what is live at each level: since when, by whom, why, and how good it was found."""
    from kaidan.registry.health.overview import look
    from kaidan.registry.store import live_version

    live = {level: live_version(level) for level in LEVELS}
    overview = look([level for level, version in live.items() if version is not None])
    rows = [
        _nothing(level) if version is None else _row(version, overview.standing[level])
        for level, version in live.items()
    ]
    under_way = [_open(record) for record in overview.open_records]
    answer(
        {"levels": rows, "under_way": under_way},
        lambda: Group(*map(_shown, rows), *map(_warning, under_way)),
        as_json=as_json,
    )


def _nothing(level: int) -> dict[str, Any]:
    from kaidan.registry.store import model_name

    return {"level": level, "model": model_name(level), "version": None}


def _row(live: "Version", standing: "Record | None") -> dict[str, Any]:
    from kaidan.registry.store import run_metrics

    metrics = run_metrics(live)
    trained = _iso(live.created_ms)
    learnt = live.tags.get("learnt_until")
    warned = live.tags.get("warned_by", "none")
    return {
        "level": live.level,
        "model": live.name,
        "version": live.number,
        "stage": live.stage,
        "aliases": list(live.aliases),
        "verdict": live.tags.get("verdict"),
        "warned_by": [] if warned == "none" else warned.split(", "),
        "direction": live.tags.get("direction"),
        "promoted_at": live.tags.get("promoted_at"),
        "trained_at": trained,
        "trained_days_ago": _days_since(trained),
        "learnt_until": learnt,
        "learnt_days_ago": _days_since(learnt),
        "release": live.tags.get("release"),
        "replaced_version": live.tags.get("replaced_version"),
        "git_commit": live.tags.get("git_commit"),
        "git_dirty": live.tags.get("git_dirty"),
        "model_sha256": live.tags.get("model_sha256"),
        "log_loss": metrics.get("oof.ensemble.log_loss"),
        "skill_vs_volatility_prior": metrics.get("oof.skill_vs_volatility_prior"),
        **_story(live, standing),
    }


def _story(live: "Version", standing: "Record | None") -> dict[str, Any]:
    """How the history explains that a version is live; all None when it says something else."""
    move = standing.made_live(live.level) if standing else None
    if standing is None or move is None or move.after != live.number:
        return dict.fromkeys(_STORY)
    told = (
        standing.ended_at,
        standing.owner.name,
        standing.action.value,
        "; ".join(filter(None, (standing.reason, standing.said))),
        standing.number,
        move.before,
        move.previous,
    )
    return dict(zip(_STORY, told, strict=True))


def _open(record: "Record") -> dict[str, Any]:
    return {
        "record": record.number,
        "action": record.action.value,
        "levels": list(record.levels),
        "by": record.owner.name,
        "since": _iso(record.began_ms),
        "cut_off": record.owner.is_dead(),
    }


def _shown(row: dict[str, Any]) -> RenderableType:
    if row["version"] is None:
        return f"{row['model']}: nothing is live; kaidan train --level {row['level']}\n"
    table = Table(
        box=None,
        show_header=False,
        title=f"{row['model']} version {row['version']}, {_place(row)}",
        title_justify="left",
        title_style="bold",
    )
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for label, value in _lines(row).items():
        table.add_row(label, Text(value))
    return Group(table, "")


def _place(row: dict[str, Any]) -> str:
    stage = [] if row["stage"] == "None" else [f"stage {row['stage']}"]
    return ", ".join([*stage, *(f"alias {alias}" for alias in row["aliases"])])


def _lines(row: dict[str, Any]) -> dict[str, str]:
    """What a person reads of a level: a label, and one line for it."""
    warned = f", warned by {', '.join(row['warned_by'])}" if row["warned_by"] else ""
    changed = ", with changes that no commit has" if row["git_dirty"] == "true" else ""
    return {
        **_told(row),
        "verdict": f"{row['verdict'] or 'none'}{warned}",
        "direction": row["direction"] or "not looked for",
        "out of fold": f"log-loss {_number(row['log_loss'], '.4f')}, skill against the volatility "
        f"prior {_number(row['skill_vs_volatility_prior'], '+.4f')}",
        "trained": f"{_ago(row['trained_at'], row['trained_days_ago'])}",
        "learnt until": f"{_ago(row['learnt_until'], row['learnt_days_ago'])}",
        "release": (row["release"] or "none, it was trained alone")[:32],
        "commit": f"{(row['git_commit'] or 'unknown')[:12]}{changed}",
        "model": (row["model_sha256"] or "unknown")[:12],
    }


def _told(row: dict[str, Any]) -> dict[str, str]:
    if row["record"] is None:
        return {"since": f"unknown: the history does not say that it is live; {FIX}"}
    back = row["way_back"]
    return {
        "since": f"{_minute(row['since'])}, {row['action']} by {row['by']}, record {row['record']}",
        "why": row["why"],
        "instead of": _named(row["instead_of"]),
        "way back": f"{_named(back)}: kaidan rollback --level {row['level']}" if back else "none",
    }


def _warning(record: dict[str, Any]) -> Text:
    who = f"record {record['record']}, a {record['action']} by {record['by']}"
    if record["cut_off"]:
        return Text(f"{who}, was cut off on {_minute(record['since'])}; {FIX}", style="bold red")
    return Text(f"{who}, is under way since {_minute(record['since'])}", style="yellow")


def _ago(at: str | None, days: float | None) -> str:
    return "unknown" if at is None else f"{_minute(at)}, {days:.1f} days ago"


def _minute(at: str) -> str:
    return f"{at[:16].replace('T', ' ')} UTC"


def _named(version: int | None) -> str:
    return "none" if version is None else f"version {version}"


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1e3, UTC).isoformat("T", "seconds")


def _days_since(at: str | None) -> float | None:
    if at is None:
        return None
    return round((datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds() / 86_400, 2)
