"""Pictures of a run, legible at the size at which MLflow shows them, safe for colour-blind eyes."""

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from kaidan.evaluation.report import ENSEMBLE, Judged
from kaidan.evaluation.scores import calibration_bins
from kaidan.learning.splits import Fold
from kaidan.signal import CLASS_NAMES, N_CLASSES

# Okabe and Ito's palette: distinct for all common kinds of colour vision.
_CLASS_COLOURS = {"SELL": "#D55E00", "HOLD": "#666666", "BUY": "#0072B2"}
_FIT, _STOPPING, _TEST = "#0072B2", "#E69F00", "#009E73"


def confusion(judged: Judged, title: str) -> Figure:
    """Counts, and shares of what came true, of the ensemble's verdicts."""
    verdicts = judged.probabilities[ENSEMBLE].argmax(axis=1)
    counts = np.zeros((N_CLASSES, N_CLASSES), dtype=int)
    np.add.at(counts, (judged.y, verdicts), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(5.5, 4.8), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row in range(N_CLASSES):
        for column in range(N_CLASSES):
            axes.text(
                column,
                row,
                f"{counts[row, column]:,}\n{shares[row, column]:.0%}",
                ha="center",
                va="center",
                color="white" if shares[row, column] > 0.55 else "black",
            )
    axes.set_xticks(range(N_CLASSES), CLASS_NAMES)
    axes.set_yticks(range(N_CLASSES), CLASS_NAMES)
    axes.set_xlabel("said")
    axes.set_ylabel("came true")
    axes.set_title(title)
    return figure


def reliability(judged: Judged, title: str) -> Figure:
    """Stated probability against how often it came true, by class."""
    probabilities = judged.probabilities[ENSEMBLE]
    figure = Figure(figsize=(5.5, 4.8), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle="--", label="as stated")
    for c, (name, marker) in enumerate(zip(CLASS_NAMES, "os^", strict=True)):
        bins = calibration_bins(probabilities[:, c], judged.y == c)
        stated, hits, n = (np.array(column) for column in zip(*bins, strict=True))
        colour = _CLASS_COLOURS[name]
        axes.plot(stated, hits, color=colour, linewidth=1)
        axes.scatter(
            stated, hits, s=15 + 185 * n / len(judged.y), color=colour, marker=marker, label=name
        )
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("stated probability (size: share of bars)")
    axes.set_ylabel("share that came true")
    axes.set_title(title)
    axes.legend(loc="upper left")
    return figure


def fold_timeline(times: pd.DatetimeIndex, folds: tuple[Fold, ...]) -> Figure:
    """What each fold learnt from, stopped on and was judged on; gaps are the purge.

    Parameters
    ----------
    times : DatetimeIndex of shape (n_rows,)
    folds : tuple of Fold
        The last one is that of the model that is served, with the hold-out as its test rows.
    """
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    axes = figure.add_subplot()

    def bar(row: int, rows: NDArray[np.int64], colour: str) -> None:
        start, end = (mdates.date2num(times[int(at)]) for at in (rows[0], rows[-1]))
        axes.barh(row, end - start, left=start, height=0.6, color=colour)

    for number, fold in enumerate(folds):
        bar(number, fold.fit, _FIT)
        bar(number, fold.stopping, _STOPPING)
        bar(number, fold.test, _TEST)
    names = [f"fold {number}" for number in range(1, len(folds))]
    axes.set_yticks(range(len(folds)), [*names, "served"])
    axes.invert_yaxis()
    axes.xaxis_date()
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(mdates.AutoDateLocator()))
    legend = {"learnt from": _FIT, "stopped on": _STOPPING, "judged on": _TEST}
    axes.legend(
        handles=[Patch(color=colour, label=label) for label, colour in legend.items()],
        loc="upper right",
    )
    gap_rows = int(folds[0].test[0] - folds[0].training[-1] - 1)
    axes.set_title(f"Folds in time, {gap_rows} bars purged before each tail and each test part")
    return figure
