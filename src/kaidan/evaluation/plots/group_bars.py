"""Which inputs a model lives on."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from kaidan.evaluation.plots.palette import BLUE


def importance(table: pd.DataFrame, title: str) -> Figure:
    """Importance of each feature group with its interval, the most important one on top.

    Parameters
    ----------
    table : DataFrame of shape (n_groups, 4)
        From `kaidan.evaluation.importance.group_importance`.
    title : str
    """
    found = table.sort_values("estimate")
    at = np.arange(len(found))
    clear = (found["low"] > 0).to_numpy()
    figure = Figure(figsize=(8, 1.7 + 0.3 * len(found)), layout="constrained")
    axes = figure.add_subplot()
    for chosen, label, colour, hatch in (
        (clear, "matters: its interval is above 0", BLUE, ""),
        (~clear, "not shown to matter", "white", "////"),
    ):
        if chosen.any():
            axes.barh(
                at[chosen],
                found["estimate"][chosen],
                0.6,
                facecolor=colour,
                edgecolor=BLUE,
                hatch=hatch,
                label=label,
            )
    axes.hlines(
        at, found["low"], found["high"], color="black", linewidth=1.6, label="95 % interval"
    )
    axes.axvline(0, color="black", linewidth=1)
    axes.set_yticks(at, [f"{group} ({n})" for group, n in found["n_features"].items()])
    axes.set_ylabel("group (inputs)")
    axes.set_xlabel("log-loss added when the group is shuffled (nats a bar)")
    axes.set_title(title)
    figure.legend(loc="outside lower center", ncols=3)
    return figure
