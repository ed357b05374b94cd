"""One column's values in training and live, bin by bin."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from kaidan.evaluation.plots.palette import BLUE, GREY


def two_shares(
    edges: tuple[float, ...], trained: tuple[float, ...], live: tuple[float, ...]
) -> Figure:
    """Shares of the rows between the training rows' deciles.

    Parameters
    ----------
    edges : tuple of float
        Ascending, at least one.
    trained, live : tuple of float
        One more than edges: below the first, between, above the last.
    """
    figure = Figure(figsize=(4.6, 2.3), layout="constrained")
    axes = figure.add_subplot()
    bins = np.arange(len(trained))
    axes.bar(bins - 0.2, trained, 0.4, color=GREY, alpha=0.55, label="training")
    axes.bar(bins + 0.2, live, 0.4, color=BLUE, label="live")
    axes.set_xticks(bins[:-1] + 0.5, [f"{edge:.2g}" for edge in edges], fontsize=7)
    axes.tick_params(axis="x", rotation=30)
    axes.tick_params(axis="y", labelsize=7)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=7, ncols=2)
    return figure
