"""Which features move the vote, and which way their high and low values move it."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import rankdata

from kaidan.evaluation.explanation import Explanation
from kaidan.evaluation.plots.palette import CLASS_COLOURS
from kaidan.signal import Signal

_SHOWN = 20
_BINS = 60
_HALF_HEIGHT = 0.38


def shap_summary(explanation: Explanation, rows: pd.DataFrame, title: str) -> Figure:
    """Mean size of what each feature adds, by class, and its push towards BUY on every row.

    Parameters
    ----------
    explanation : Explanation
        Of `rows`; the 20 features that add most are drawn, the first one on top.
    rows : DataFrame of shape (n_rows, n_features)
        Has the explained inputs among its columns.
    title : str
    """
    sizes = 100 * np.abs(explanation.values).mean(axis=0)
    top = np.argsort(-sizes.sum(axis=1), kind="stable")[:_SHOWN][::-1]
    names = [explanation.names[n] for n in top]
    figure = Figure(figsize=(10.5, 2.2 + 0.27 * len(top)), layout="constrained")
    bars, swarm = figure.subplots(1, 2, sharey=True, width_ratios=(1, 1.3))
    left = np.zeros(len(top))
    for signal in Signal:
        bars.barh(
            np.arange(len(top)),
            sizes[top, signal],
            0.7,
            left=left,
            color=CLASS_COLOURS[signal],
            label=signal.name,
        )
        left += sizes[top, signal]
    bars.set_yticks(np.arange(len(top)), names)
    bars.set_ylim(-0.7, len(top) - 0.3)
    bars.set_xlabel("mean size of what it adds (percentage points)")
    figure.legend(loc="outside lower left", ncols=3)
    push = 100 * (explanation.values[:, :, Signal.BUY] - explanation.values[:, :, Signal.SELL])
    for place, (column, name) in enumerate(zip(top, names, strict=True)):
        values = rows[name].to_numpy(dtype=np.float64)
        drawn = _swarm(swarm, place, push[:, column], values)
    scale = figure.colorbar(drawn, ax=swarm, ticks=[0, 1], pad=0.02, aspect=40)
    scale.ax.set_yticklabels(["low", "high"])
    scale.set_label("value among these rows", labelpad=-12)
    swarm.axvline(0, color="black", linewidth=1)
    swarm.tick_params(axis="y", length=0)
    swarm.set_xlabel("to SELL   <   push on one bar (percentage points)   >   to BUY")
    figure.suptitle(title)
    return figure


def _swarm(
    axes: Axes, place: int, push: NDArray[np.float64], values: NDArray[np.float64]
) -> PathCollection:
    rank = (rankdata(values) - 1) / max(len(values) - 1, 1)
    edges = np.linspace(push.min(), push.max(), _BINS)
    where = np.searchsorted(edges, push)
    count = np.bincount(where, minlength=_BINS + 1)
    order = np.lexsort((rank, where))
    # Rows of a bin beside each other, around the middle.
    within = np.empty(len(push))
    within[order] = np.arange(len(push)) - (np.cumsum(count) - count)[where[order]]
    height = (within - (count[where] - 1) / 2) / max(count.max(), 8)
    return axes.scatter(
        push,
        place + 2 * _HALF_HEIGHT * height,
        c=rank,
        cmap="cividis",
        s=7,
        linewidths=0,
        vmin=0,
        vmax=1,
    )
