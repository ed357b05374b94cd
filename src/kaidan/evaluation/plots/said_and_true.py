"""What the ensemble said against what came true: confusion and reliability."""

import numpy as np
from matplotlib.figure import Figure

from kaidan.evaluation.plots.palette import CLASS_COLOURS
from kaidan.evaluation.report import ENSEMBLE, Judged
from kaidan.evaluation.scores import calibration_bins
from kaidan.signal import CLASS_NAMES, N_CLASSES, Signal


def confusion(judged: Judged, title: str) -> Figure:
    """Counts, and shares of what came true, of the ensemble's verdicts."""
    counts = np.zeros((N_CLASSES, N_CLASSES), dtype=int)
    np.add.at(counts, (judged.y, judged.verdicts), 1)
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
    axes.set_xlabel("said (bars, and share of what came true)")
    axes.set_ylabel("came true")
    axes.set_title(title)
    return figure


def reliability(judged: Judged, title: str) -> Figure:
    """Stated probability against how often it came true, by class."""
    probabilities = judged.probabilities[ENSEMBLE]
    figure = Figure(figsize=(5.5, 4.8), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle="--", label="as stated")
    for signal, marker in zip(Signal, "os^", strict=True):
        bins = calibration_bins(probabilities[:, signal], judged.y == signal)
        stated, hits, n = (np.array(column) for column in zip(*bins, strict=True))
        colour = CLASS_COLOURS[signal]
        axes.plot(stated, hits, color=colour, linewidth=1)
        axes.scatter(
            stated,
            hits,
            s=15 + 185 * n / len(judged.y),
            color=colour,
            marker=marker,
            label=signal.name,
            clip_on=False,  # a share of 0 or 1 keeps its whole marker
            zorder=3,
        )
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("stated probability (size: share of bars)")
    axes.set_ylabel("share that came true")
    axes.set_title(title)
    axes.legend(loc="upper left")
    return figure
