"""The figures are drawn, whole and labelled, also when a class never came true."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from kaidan.evaluation.plots import confusion, fold_timeline, reliability
from kaidan.evaluation.report import ENSEMBLE, Judged
from kaidan.learning.splits import purged_folds
from tests.kit import small


def judged(classes: tuple[int, ...]) -> Judged:
    rng = np.random.default_rng(0)
    y = rng.choice(classes, 200)
    probabilities = np.zeros((200, 3))
    probabilities[:, classes] = rng.dirichlet(np.ones(len(classes)), 200)
    times = pd.date_range("2025-01-01", periods=200, freq="15min", tz="UTC")
    return Judged(times, y, {ENSEMBLE: probabilities})


def drawn(figure: Figure) -> bytes:
    picture = BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


@pytest.mark.parametrize("classes", [(0, 1, 2), (0, 1), (1,)])
def test_the_confusion_matrix_counts_every_row_once(classes: tuple[int, ...]) -> None:
    figure = confusion(judged(classes), "Level 3")
    (axes,) = figure.axes
    counts = [int(text.get_text().split("\n")[0]) for text in axes.texts]
    assert sum(counts) == 200
    assert (axes.get_title(), axes.get_xlabel(), axes.get_ylabel()) == (
        "Level 3",
        "said",
        "came true",
    )
    assert [label.get_text() for label in axes.get_yticklabels()] == ["SELL", "HOLD", "BUY"]
    assert drawn(figure).startswith(b"\x89PNG")


def test_the_confusion_matrix_has_what_came_true_as_rows() -> None:
    probabilities = np.array([[0.1, 0.8, 0.1]])
    times = pd.date_range("2025-01-01", periods=1, freq="15min", tz="UTC")
    figure = confusion(Judged(times, np.array([2]), {ENSEMBLE: probabilities}), "")
    (hit,) = [text for text in figure.axes[0].texts if text.get_text() == "1\n100%"]
    assert hit.get_position() == (1, 2)  # x: said HOLD, y: BUY came true


@pytest.mark.parametrize("classes", [(0, 1, 2), (0, 1), (1,)])
def test_reliability_shows_each_class_against_the_diagonal(classes: tuple[int, ...]) -> None:
    figure = reliability(judged(classes), "Level 3, hold-out")
    (axes,) = figure.axes
    assert axes.get_title() == "Level 3, hold-out"
    assert axes.get_xlabel().startswith("stated probability")
    assert axes.get_ylabel() == "share that came true"
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["as stated", "SELL", "HOLD", "BUY"]
    assert drawn(figure).startswith(b"\x89PNG")


def test_the_fold_timeline_has_a_row_for_each_fold_and_the_served_model() -> None:
    times = pd.date_range("2025-01-01", periods=1000, freq="15min", tz="UTC")
    folds = purged_folds(900, small().splits, 16)
    figure = fold_timeline(times, (*folds, replace(folds[-1], test=np.arange(916, 1000))))
    (axes,) = figure.axes
    ticks = [label.get_text() for label in axes.get_yticklabels()]
    assert ticks == ["fold 1", "fold 2", "fold 3", "served"]
    assert len(axes.patches) == 3 * (len(folds) + 1)
    assert "16 bars purged" in axes.get_title()
    assert drawn(figure).startswith(b"\x89PNG")


def test_bars_of_a_fold_do_not_overlap_in_time() -> None:
    times = pd.date_range("2025-01-01", periods=1000, freq="15min", tz="UTC")
    figure = fold_timeline(times, purged_folds(900, small().splits, 16))
    fit, stopping, test = figure.axes[0].patches[:3]
    assert fit.get_x() + fit.get_width() < stopping.get_x()
    assert stopping.get_x() + stopping.get_width() < test.get_x()
