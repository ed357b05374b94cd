"""One answer, from where the members begin to where the row's features led them."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from kaidan.evaluation.plots.palette import BLUE, GREY, VERMILLION
from kaidan.signal import Signal


def shap_waterfall(
    base: float, steps: Sequence[tuple[str, float]], signal: Signal, title: str
) -> Figure:
    """Probability of a signal, feature by feature.

    Parameters
    ----------
    base : float
        Probability before any feature is known.
    steps : sequence of (label, probability added)
        The first one is drawn on top; they end at what was answered.
    signal : Signal
    title : str
    """
    added = np.array([add for _, add in steps])
    ends = base + np.cumsum(added)
    starts = ends - added
    at = np.arange(len(steps))
    figure = Figure(figsize=(9, 2.0 + 0.34 * len(steps)), layout="constrained")
    axes = figure.add_subplot()
    for chosen, colour, label in (
        (added >= 0, BLUE, f"speaks for {signal.name}"),
        (added < 0, VERMILLION, f"speaks against {signal.name}"),
    ):
        if chosen.any():
            axes.barh(
                at[chosen], added[chosen], 0.66, left=starts[chosen], color=colour, label=label
            )
    axes.vlines(ends[:-1], at[:-1] - 0.33, at[1:] + 0.33, color=GREY, linewidth=0.8)
    room = 0.012 * max(np.ptp([base, *ends]), 1e-9)
    for place, (_, add) in enumerate(steps):
        right = max(starts[place], ends[place])
        axes.text(right + room, place, f"{100 * add:+.1f}", va="center", fontsize=9)
    marks = ((base, ":", "without any feature"), (ends[-1], "-", "answered"))
    for value, line, label in marks:
        axes.axvline(
            value, color="black", linestyle=line, linewidth=1.2, label=f"{label}: {value:.1%}"
        )
    axes.use_sticky_edges = False
    axes.margins(x=0.1)
    axes.set_ylim(len(steps) - 0.4, -0.6)
    axes.set_yticks(at, [label for label, _ in steps])
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel(f"probability of {signal.name} (steps in percentage points)")
    axes.set_title(title)
    figure.legend(loc="outside lower center", ncols=4)
    return figure
