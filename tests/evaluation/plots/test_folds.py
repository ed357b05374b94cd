"""The fold timeline shows who saw which bar."""

from dataclasses import replace

import matplotlib.dates as mdates
import numpy as np
import pandas as pd

from kaidan.evaluation.plots import fold_timeline
from kaidan.learning.splits import purged_folds
from tests.evaluation.plots.drawn import png
from tests.kit import small

TIMES = pd.date_range("2025-01-01", periods=1000, freq="15min", tz="UTC")
FOLDS = purged_folds(900, small().splits, 16)


def test_there_is_a_row_for_each_fold_and_the_served_model() -> None:
    figure = fold_timeline(TIMES, (*FOLDS, replace(FOLDS[-1], test=np.arange(916, 1000))))
    (axes,) = figure.axes
    ticks = [label.get_text() for label in axes.get_yticklabels()]
    assert ticks == ["fold 1", "fold 2", "fold 3", "served"]
    assert len(axes.patches) == 3 * (len(FOLDS) + 1)
    assert "16 bars purged" in axes.get_title()
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["learnt from", "stopped on", "judged on"]
    assert png(figure).startswith(b"\x89PNG")


def test_a_bar_of_the_timeline_covers_its_rows_and_ends_before_the_purge() -> None:
    fit, stopping, test = fold_timeline(TIMES, FOLDS).axes[0].patches[:3]
    rows = (FOLDS[0].fit, FOLDS[0].stopping, FOLDS[0].test)
    for bar, covered in zip((fit, stopping, test), rows, strict=True):
        wanted = mdates.date2num(TIMES[covered[[0, -1]]])
        assert np.allclose([bar.get_x(), bar.get_x() + bar.get_width()], wanted)
    assert fit.get_x() + fit.get_width() < stopping.get_x()
    assert stopping.get_x() + stopping.get_width() < test.get_x()
