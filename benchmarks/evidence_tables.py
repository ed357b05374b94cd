"""Tables of docs/evidence.md from what `evidence.py` walked through."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from kaidan.bot.walk_result import pooled
from kaidan.evaluation.bootstrap import Interval, block_bootstrap
from kaidan.evaluation.direction import direction_auc
from kaidan.evaluation.report import ENSEMBLE, Judged
from kaidan.evaluation.scores import log_losses

SHIPPED = "shipped"
TABLES = {
    "resampling": (SHIPPED, "SMOTE", "class weights", "SMOTE and class weights"),
    "inputs": (SHIPPED, "price levels as inputs"),
    "horizon": (SHIPPED, "horizon 8", "horizon 4"),
    "weights": (SHIPPED, "equal weights", "fitted weights"),
    "calibration": (SHIPPED, "not calibrated", "temperature", "isotonic"),
    "history": (SHIPPED, "90 days", "365 days"),
    "levels": (SHIPPED, "level 2", "level 1"),
}
NAMES = {
    "resampling": "neither",
    "inputs": "stationary inputs",
    "horizon": "horizon 16",
    "weights": "0.4 / 0.4 / 0.2",
    "calibration": "multinomial",
    "history": "180 days",
    "levels": "level 3",
}


def tables(walked: Sequence[dict[str, Judged]]) -> dict:
    """Rows by table and variant, each number with its interval."""
    whole = {name: pooled([step[name] for step in walked]) for name in walked[0]}
    return {
        table: {
            NAMES[table] if name == SHIPPED else name: row(
                whole[name], whole[SHIPPED], same_label=table != "horizon"
            )
            for name in names
        }
        for table, names in TABLES.items()
    }


def row(judged: Judged, shipped: Judged, *, same_label: bool) -> dict:
    scores = judged.scores[ENSEMBLE]
    found = {
        "log_loss": round(scores.log_loss, 4),
        "skill_vs_prior": interval(judged.skills["prior"]),
        "skill_vs_volatility_prior": interval(judged.skills["volatility_prior"]),
        "direction_auc": interval(direction_auc(judged.y, judged.probabilities[ENSEMBLE]), 3),
        "macro_f1": round(scores.macro_f1, 3),
        "ece": round(scores.ece, 3),
    }
    if same_label and judged is not shipped:
        found["saved"] = interval(saved(judged, shipped))
    return found


def saved(judged: Judged, shipped: Judged) -> Interval:
    """Log-loss saved against the shipped settings, on the bars that both answered."""
    losses = [
        pd.Series(log_losses(one.y, one.probabilities[ENSEMBLE]), index=one.times)
        for one in (shipped, judged)
    ]
    both = pd.concat(losses, axis=1, join="inner")
    return block_bootstrap(np.asarray(both[0] - both[1]))


def interval(found: Interval, digits: int = 4) -> list[float]:
    return [round(value, digits) for value in (found.estimate, found.low, found.high)]


def rendered(text: str, about: dict, found: dict) -> str:
    """Put the tables, and what they rest on, between their markers."""
    parts = {name: markdown(rows) for name, rows in found.items()}
    parts["data"] = (
        f"`{about['data']}`: {about['test_parts']} test parts of 30 days, {about['test_from']} to "
        f"{about['test_to']}, {about['test_bars']:,} bars that no model had learnt from."
    )
    for name, part in parts.items():
        marked = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        text, n = re.subn(marked, lambda m, p=part: f"{m[1]}{p}\n{m[2]}", text, flags=re.DOTALL)
        if n != 1:
            raise SystemExit(f"got {n} places for the table {name!r}, wanted one")
    return text


def markdown(rows: dict[str, dict]) -> str:
    lines = [
        "| | log-loss | saved | against class prior | against volatility prior | direction AUC "
        "| macro F1 | ECE |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for place, (name, one) in enumerate(rows.items()):
        shown = f"**{name}**" if place == 0 else name
        lines.append(
            f"| {shown} | {one['log_loss']:.4f} | {signed(one.get('saved'))} "
            f"| {signed(one['skill_vs_prior'])} | {signed(one['skill_vs_volatility_prior'])} "
            f"| {plain(one['direction_auc'])} | {one['macro_f1']:.3f} | {one['ece']:.3f} |"
        )
    return "\n".join(lines)


def signed(ends: list[float] | None) -> str:
    return "" if ends is None else f"{ends[0]:+.4f} [{ends[1]:+.4f}, {ends[2]:+.4f}]"


def plain(ends: list[float]) -> str:
    return f"{ends[0]:.3f} [{ends[1]:.3f}, {ends[2]:.3f}]"
