"""Whether a model says one thing only, or another mix than the market has."""

import matplotlib.dates as mdates
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from kaidan.evaluation.plots.palette import CLASS_COLOURS
from kaidan.evaluation.plots.time_axis import calendar_parts, date_axis
from kaidan.evaluation.report import Judged
from kaidan.market.bar import BARS_PER_DAY
from kaidan.signal import N_CLASSES, Signal

_MIN_DAYS = 2  # a shorter week at either end is drawn with its neighbour


def class_mix(judged: Judged, title: str) -> Figure:
    """Share of each verdict by calendar week, and how often it came true."""
    parts = calendar_parts(judged.times, "week", min_rows=_MIN_DAYS * BARS_PER_DAY)
    numbers = np.asarray(mdates.date2num(judged.times))
    start = np.array([numbers[rows][0] for rows in parts])
    width = np.array([numbers[rows][-1] for rows in parts]) - start
    figure = Figure(figsize=(8, 5.6), layout="constrained")
    panels = figure.subplots(N_CLASSES, 1, sharex=True)
    for axes, signal in zip(panels, Signal, strict=True):
        said = [float((judged.verdicts[rows] == signal).mean()) for rows in parts]
        true = [float((judged.y[rows] == signal).mean()) for rows in parts]
        axes.bar(
            start,
            said,
            width,
            align="edge",
            color=CLASS_COLOURS[signal],
            edgecolor="white",
            label="said (bars)",
        )
        axes.plot(start + width / 2, true, "k.-", linewidth=1.2, label="came true (line)")
        axes.set_ylim(0, None)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.set_ylabel(f"{signal.name}\n(share of bars)")
    figure.align_ylabels()
    date_axis(panels[-1])
    panels[0].set_title(title)
    figure.legend(
        *panels[Signal.HOLD].get_legend_handles_labels(), loc="outside lower center", ncols=2
    )
    return figure
