"""Bars of importance are as long as the numbers, and doubtful ones look doubtful."""

import numpy as np
import pandas as pd
import pytest

from kaidan.evaluation.plots import importance
from tests.evaluation.plots.drawn import png

TABLE = pd.DataFrame(
    {
        "estimate": [0.02, -0.001, 0.003],
        "low": [0.01, -0.002, -0.001],
        "high": [0.03, -0.0005, 0.007],
        "n_features": [8, 4, 7],
    },
    index=pd.Index(["time", "trend", "price"], name="group"),
)


def test_the_most_important_group_is_on_top_and_says_how_many_inputs_it_has() -> None:
    (axes,) = importance(TABLE, "").axes
    assert [t.get_text() for t in axes.get_yticklabels()] == ["trend (4)", "price (7)", "time (8)"]
    lengths = {round(bar.get_y() + bar.get_height() / 2): bar.get_width() for bar in axes.patches}
    assert lengths == {0: -0.001, 1: 0.003, 2: 0.02}


def test_intervals_are_drawn_on_the_bar_of_their_group() -> None:
    (axes,) = importance(TABLE, "").axes
    (intervals,) = axes.collections
    assert np.allclose(
        intervals.get_segments(),
        [[[-0.002, 0], [-0.0005, 0]], [[-0.001, 1], [0.007, 1]], [[0.01, 2], [0.03, 2]]],
    )


def test_only_a_group_whose_interval_is_above_0_is_drawn_solid() -> None:
    (axes,) = importance(TABLE, "").axes
    assert [bool(bar.get_hatch()) for bar in axes.patches] == [False, True, True]


@pytest.mark.parametrize("groups", [["time"], ["trend"], ["time", "trend", "price"]])
def test_it_says_what_is_drawn_and_in_which_unit(groups: list[str]) -> None:
    figure = importance(TABLE.loc[groups], "Level 1")
    (axes,) = figure.axes
    assert axes.get_title() == "Level 1"
    assert axes.get_xlabel() == "log-loss added when the group is shuffled (nats a bar)"
    assert png(figure) == png(importance(TABLE.loc[groups], "Level 1"))
