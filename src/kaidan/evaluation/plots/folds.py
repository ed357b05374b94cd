"""Who was allowed to see which bar."""

import matplotlib.dates as mdates
import pandas as pd
from matplotlib.figure import Figure

from kaidan.evaluation.plots.palette import BLUE, GREEN, ORANGE
from kaidan.evaluation.plots.time_axis import date_axis
from kaidan.learning.splits import Fold

_LOOKS = (("learnt from", BLUE, ""), ("stopped on", ORANGE, "///"), ("judged on", GREEN, "..."))


def fold_timeline(times: pd.DatetimeIndex, folds: tuple[Fold, ...]) -> Figure:
    """What each fold learnt from, stopped on and was judged on; gaps are the purge.

    Parameters
    ----------
    times : DatetimeIndex of shape (n_rows,)
    folds : tuple of Fold
        The last one is that of the model that is served, with the hold-out as its test rows.
    """
    figure = Figure(figsize=(8, 3.8), layout="constrained")
    axes = figure.add_subplot()
    for number, fold in enumerate(folds):
        parts = (fold.fit, fold.stopping, fold.test)
        for rows, (name, colour, hatch) in zip(parts, _LOOKS, strict=True):
            start, end = (mdates.date2num(times[int(at)]) for at in (rows[0], rows[-1]))
            axes.barh(
                number,
                end - start,
                0.6,
                start,
                facecolor=colour,
                hatch=hatch,
                edgecolor="white",
                linewidth=0,
                label=name if number == 0 else None,
            )
    names = [f"fold {number}" for number in range(1, len(folds))]
    axes.set_yticks(range(len(folds)), [*names, "served"])
    axes.invert_yaxis()
    date_axis(axes)
    axes.legend(loc="upper right")
    gap_rows = int(folds[0].test[0] - folds[0].training[-1] - 1)
    axes.set_title(f"Folds in time, {gap_rows} bars purged before each tail and each test part")
    return figure
