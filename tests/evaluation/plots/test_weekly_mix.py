"""What was said in a week stands beside what came true in it."""

from dataclasses import replace

import matplotlib.dates as mdates
import numpy as np
import pytest

from kaidan.evaluation.plots import class_mix
from kaidan.evaluation.report import Judged
from tests.evaluation.plots.drawn import answers, png

MONDAY = "2025-01-06"
WEEK = 7 * 96


@pytest.fixture(scope="module")
def judged() -> Judged:
    found = answers(2 * WEEK, MONDAY)
    # First week: always HOLD; second: SELL for one day, then BUY.
    verdicts = np.repeat([1, 0, 2], [WEEK, 96, 6 * 96])
    return replace(found, verdicts=verdicts, y=np.repeat([2, 1], WEEK))


def test_bars_are_the_shares_of_the_verdicts(judged: Judged) -> None:
    heights = [[bar.get_height() for bar in axes.patches] for axes in class_mix(judged, "").axes]
    assert np.allclose(heights, [[0, 1 / 7], [1, 0], [0, 6 / 7]])


def test_lines_are_the_shares_that_came_true(judged: Judged) -> None:
    lines = [axes.lines[0].get_ydata() for axes in class_mix(judged, "").axes]
    assert np.allclose(lines, [[0, 0], [0, 1], [1, 0]])


def test_a_bar_is_as_wide_as_the_bars_that_it_counts(judged: Judged) -> None:
    first, second = class_mix(judged, "").axes[0].patches
    assert first.get_x() == mdates.date2num(judged.times[0])
    assert second.get_x() == mdates.date2num(judged.times[WEEK])
    assert first.get_width() == pytest.approx(7, abs=1 / 95)


def test_a_week_of_one_day_is_drawn_with_its_neighbour() -> None:
    figure = class_mix(answers(WEEK + 96, MONDAY), "")
    assert [len(axes.patches) for axes in figure.axes] == [1, 1, 1]


def test_each_class_has_a_panel_that_names_it(judged: Judged) -> None:
    figure = class_mix(judged, "Level 2")
    assert [axes.get_ylabel() for axes in figure.axes] == [
        f"{name}\n(share of bars)" for name in ("SELL", "HOLD", "BUY")
    ]
    assert figure.axes[0].get_title() == "Level 2"
    assert figure.axes[-1].get_xlabel() == "time of the bar (UTC)"
    (legend,) = figure.legends
    assert {text.get_text() for text in legend.get_texts()} == {"said (bars)", "came true (line)"}
    assert png(figure) == png(class_mix(judged, "Level 2"))


@pytest.mark.parametrize("classes", [(0, 1), (1,)])
def test_a_class_that_is_never_said_and_never_true_can_be_drawn(classes: tuple[int, ...]) -> None:
    assert png(class_mix(answers(WEEK, MONDAY, classes), "")).startswith(b"\x89PNG")
