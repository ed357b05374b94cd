"""Verdicts are counted once each; stated probabilities stand beside what came true."""

from dataclasses import replace

import numpy as np
import pytest

from kaidan.evaluation.plots import confusion, reliability
from kaidan.evaluation.report import ENSEMBLE
from tests.evaluation.plots.drawn import answers, png

CLASSES = [(0, 1, 2), (0, 1), (1,)]


@pytest.mark.parametrize("classes", CLASSES)
def test_the_confusion_matrix_counts_every_row_once(classes: tuple[int, ...]) -> None:
    figure = confusion(answers(200, classes=classes), "Level 3")
    (axes,) = figure.axes
    counts = [int(text.get_text().split("\n")[0]) for text in axes.texts]
    assert sum(counts) == 200
    assert axes.get_title() == "Level 3"
    assert axes.get_xlabel().startswith("said")
    assert axes.get_ylabel() == "came true"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["SELL", "HOLD", "BUY"]
    assert png(figure).startswith(b"\x89PNG")


def test_the_confusion_matrix_has_what_came_true_as_rows() -> None:
    judged = replace(answers(1), y=np.array([2]), verdicts=np.array([1]))
    (hit,) = [t for t in confusion(judged, "").axes[0].texts if t.get_text() == "1\n100%"]
    assert hit.get_position() == (1, 2)  # x: said HOLD, y: BUY came true


@pytest.mark.parametrize("classes", CLASSES)
def test_reliability_shows_each_class_against_the_diagonal(classes: tuple[int, ...]) -> None:
    figure = reliability(answers(200, classes=classes), "Level 3, hold-out")
    (axes,) = figure.axes
    assert axes.get_title() == "Level 3, hold-out"
    assert axes.get_xlabel().startswith("stated probability")
    assert axes.get_ylabel() == "share that came true"
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["as stated", "SELL", "HOLD", "BUY"]
    assert png(figure).startswith(b"\x89PNG")


def test_reliability_draws_what_was_stated_and_what_share_of_it_came_true() -> None:
    judged = answers(4)
    stated = np.tile([0.1, 0.35, 0.55], (4, 1))
    judged = replace(judged, y=np.array([1, 1, 1, 2]), probabilities={ENSEMBLE: stated})
    figure = reliability(judged, "")
    _, sell, hold, buy = figure.axes[0].lines
    for line, wanted in ((sell, (0.1, 0.0)), (hold, (0.35, 0.75)), (buy, (0.55, 0.25))):
        assert np.allclose(line.get_xydata(), [wanted])
