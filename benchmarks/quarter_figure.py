"""A simulated quarter as one picture: the market, how well the live version did, what was told."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from quarter_life import Lived
from quarter_market import Quarter

from kaidan.evaluation.plots.palette import BLUE, GREEN, GREY, VERMILLION
from kaidan.evaluation.plots.time_axis import date_axis
from kaidan.monitoring.watched import LevelWatched

_MARKS = {
    "retrain": (GREY, ":", "trained anew"),
    "force": (VERMILLION, "-", "bad release, by force"),
    "canary": (BLUE, "-", "taken back by its canary"),
    "drift": (GREEN, "--", "drift told"),
    "look": (VERMILLION, ":", "registry down"),
}


def draw(lived: Lived, quarter: Quarter, path: Path) -> None:
    """Draw a quarter.

    Parameters
    ----------
    lived : Lived
    quarter : Quarter
    path : Path
        PNG, SVG or PDF.
    """
    with mpl.rc_context({"axes.spines.top": False, "axes.spines.right": False, "font.size": 9}):
        figure = Figure(figsize=(11, 11), layout="constrained")
        market, skill, drift, canary, money = figure.subplots(
            5, 1, sharex=True, height_ratios=(2, 2, 1.4, 1.4, 1.4)
        )
        looks = [(at, level) for at, one in lived.looks for level in one.levels if level.level == 1]
        _market(market, quarter)
        _skill(skill, looks)
        _drift(drift, looks)
        _canary(canary, looks)
        _money(money, lived)
        for axes in (market, skill, drift, canary, money):
            _marks(axes, lived, quarter)
        date_axis(money)
        handles, labels = market.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=6, frameon=False)
        figure.savefig(path, dpi=130)


def _market(axes: Axes, quarter: Quarter) -> None:
    bars = quarter.bars[quarter.bars.index >= quarter.start]
    axes.plot(bars.index, bars["close"], color="black", lw=0.7)
    axes.set_ylabel("close")


def _skill(axes: Axes, looks: list[tuple[pd.Timestamp, LevelWatched]]) -> None:
    axes.axhline(0, color=GREY, lw=0.8)
    versions = list(dict.fromkeys(one.version for _, one in looks))
    for n, version in enumerate(versions):
        told = [
            (at, one.scores.skill)
            for at, one in looks
            if one.version == version and one.scores is not None
        ]
        if told:
            times = [at for at, _ in told]
            colour = BLUE if n % 2 else GREEN
            axes.plot(times, [skill.estimate for _, skill in told], color=colour, lw=1.4)
            lows, highs = ([getattr(s, end) for _, s in told] for end in ("low", "high"))
            axes.fill_between(times, lows, highs, color=colour, alpha=0.2, lw=0)
            axes.annotate(f"v{version}", (times[-1], told[-1][1].estimate), fontsize=8)
    axes.set_ylabel("live skill against\nthe prior, 95 %")


def _drift(axes: Axes, looks: list[tuple[pd.Timestamp, LevelWatched]]) -> None:
    axes.axhline(1, color=VERMILLION, lw=0.8)
    told = [(at, one.drift.columns[0].excess) for at, one in looks if one.drift.columns]
    axes.step(*zip(*told, strict=True), color="black", lw=1, where="post")
    axes.set_ylabel("drift: worst column\nof its threshold")


def _canary(axes: Axes, looks: list[tuple[pd.Timestamp, LevelWatched]]) -> None:
    told = [(at, one.canary) for at, one in looks if one.canary is not None]
    axes.set_yscale("log")
    if told:
        axes.axhline(told[0][1].threshold, color=VERMILLION, lw=0.8)
        times, values = zip(*((at, max(one.e_value, 1e-2)) for at, one in told), strict=True)
        axes.plot(times, values, "o", color="black", ms=2.5)
    axes.set_ylabel("canary: evidence\nthat it is worse")


def _money(axes: Axes, lived: Lived) -> None:
    decisions = lived.decisions
    assert decisions is not None
    axes.plot(decisions.times, decisions.equity_share, color="black", lw=0.8)
    low = float(np.min(decisions.equity_share))
    for level, colour in ((2, BLUE), (3, GREEN), (0, VERMILLION)):
        out = decisions.times[decisions.level == level]
        named = "dummy" if level == 0 else f"level {level}"
        axes.plot(out, np.full(len(out), low), "|", color=colour, ms=8, label=named)
    axes.legend(loc="upper left", frameon=False, ncols=3, title="answered by, where not level 1")
    axes.set_ylabel("equity, share\nof its start")


def _marks(axes: Axes, lived: Lived, quarter: Quarter) -> None:
    seen = set()
    for event in lived.events:
        kind = event.text.partition(" ")[0] if event.kind == "told" else event.kind
        if kind not in _MARKS:
            continue
        colour, style, label = _MARKS[kind]
        axes.axvline(
            event.at, color=colour, ls=style, lw=0.9, label=None if kind in seen else label
        )
        seen.add(kind)
    breaks_at = quarter.moment_in(quarter.story.regime_break)
    if breaks_at is not None:
        axes.axvspan(breaks_at, quarter.bars.index[-1], color=GREY, alpha=0.12, lw=0)
    silent_at = quarter.moment_in(quarter.story.outage)
    if silent_at is not None:
        axes.axvspan(silent_at, silent_at + pd.Timedelta(hours=10), color=VERMILLION, alpha=0.4)
