"""What the verdicts would have earned, beside what costs no thought."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from kaidan.errors import UsageError
from kaidan.evaluation.performance import drawdown
from kaidan.evaluation.plots.palette import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION
from kaidan.evaluation.plots.time_axis import date_axis

# The first contender is the model; the others are told apart by their dashes as well.
_LOOKS = (
    (BLUE, "-"),
    (VERMILLION, "--"),
    (GREY, ":"),
    (GREEN, "-."),
    (ORANGE, (0, (5, 1))),
    (PURPLE, (0, (1, 1))),
    (SKY, (0, (3, 1, 1, 1, 1, 1))),
    ("black", (0, (8, 3))),
    (VERMILLION, (0, (1, 3))),
)

# The figure is 800 pixels wide: more points cost seconds of drawing and show nothing.
_MAX_POINTS = 1000


def equity(
    times: pd.DatetimeIndex, curves: Mapping[str, NDArray[np.float64]], title: str
) -> Figure:
    """Equity after costs, and how far it is below its highest point so far.

    Parameters
    ----------
    times : DatetimeIndex of shape (n_bars,)
    curves : mapping of contender to float array of shape (n_bars,)
        Equity, 1 at the start. At most nine; the first is the model, drawn strongest.
    title : str

    Raises
    ------
    UsageError
        More contenders than can be told apart.
    """
    if len(curves) > len(_LOOKS):
        raise UsageError(f"got {len(curves)} equity curves, want at most {len(_LOOKS)}; draw fewer")
    step = -(-len(times) // _MAX_POINTS)
    starts = np.arange(0, len(times), step)
    ends = np.append(starts[1:], len(times)) - 1
    figure = Figure(figsize=(8, 5.8), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    above.axhline(1, color="black", linewidth=0.6)
    lines = {}
    # Backwards, so that the model lies on top.
    for number, (name, curve) in reversed(list(enumerate(curves.items()))):
        colour, dashes = _LOOKS[number]
        width = 2.2 if number == 0 else 1.2
        look = {"color": colour, "linestyle": dashes, "linewidth": width}
        (lines[name],) = above.plot(
            times[ends], curve[ends], label=f"{name} {curve[-1] - 1:+.1%}", **look
        )
        deepest = -np.maximum.reduceat(drawdown(curve), starts)
        below.plot(times[ends], deepest, **look)
        if number == 0:
            below.fill_between(times[ends], deepest, color=colour, alpha=0.2, linewidth=0)
    above.set_ylabel("equity after costs (start = 1)")
    below.set_ylabel("drawdown")
    below.set_ylim(None, 0)
    below.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    for axes in (above, below):
        axes.margins(x=0)
    date_axis(below)
    above.set_title(title)
    # In the order in which the curves end, so that the eye finds the line beside its name.
    ranked = sorted(curves, key=lambda name: -curves[name][-1])
    figure.legend(handles=[lines[name] for name in ranked], loc="outside lower center", ncols=3)
    return figure
