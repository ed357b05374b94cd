"""The skill of each month is drawn where it is, with its interval."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure

from kaidan.evaluation.bootstrap import block_bootstrap
from kaidan.evaluation.plots import skill_by_month
from kaidan.evaluation.report import ENSEMBLE, Judged
from tests.evaluation.plots.drawn import answers, png


def saved(judged: Judged, baseline: str) -> np.ndarray:
    true = (np.arange(len(judged.y)), judged.y)
    return np.log(judged.probabilities[ENSEMBLE][true] / judged.probabilities[baseline][true])


def months(figure: Figure) -> list[str]:
    return [label.get_text() for label in figure.axes[0].get_xticklabels()]


@pytest.fixture(scope="module")
def judged() -> Judged:
    return answers(96 * 63, "2024-11-29")  # 2 days, December, January


@pytest.mark.parametrize(("number", "baseline"), [(0, "prior"), (1, "volatility_prior")])
def test_points_and_bars_are_the_log_loss_saved_and_its_interval(
    judged: Judged, number: int, baseline: str
) -> None:
    axes = skill_by_month(judged, "").axes[0]
    points = axes.lines[1 + number].get_ydata()
    low_high = np.array([segment[:, 1] for segment in axes.collections[number].get_segments()])
    for month, rows in enumerate((slice(0, 33 * 96), slice(33 * 96, None))):
        assert points[month] == pytest.approx(saved(judged, baseline)[rows].mean())
        wanted = block_bootstrap(saved(judged, baseline)[rows])
        assert low_high[month] == pytest.approx([wanted.low, wanted.high])


def test_a_month_of_two_days_is_drawn_with_its_neighbour_and_marked(judged: Judged) -> None:
    figure = skill_by_month(judged, "Level 2")
    assert months(figure) == ["Dec*\n2024", "Jan\n2025"]
    assert "* with a neighbour of fewer than 7 days" in figure.axes[0].get_xlabel()


def test_whole_months_are_not_marked() -> None:
    figure = skill_by_month(answers(96 * 59), "")
    assert months(figure) == ["Jan\n2025", "Feb"]
    assert "*" not in figure.axes[0].get_xlabel()


def test_a_model_that_is_the_prior_saves_nothing() -> None:
    judged = answers(96 * 31)
    judged.probabilities["prior"] = judged.probabilities[ENSEMBLE]
    points = skill_by_month(judged, "").axes[0].lines[1].get_ydata()
    assert np.allclose(points, 0)


def test_it_says_what_is_drawn_and_in_which_unit(judged: Judged) -> None:
    figure = skill_by_month(judged, "Level 2")
    (axes,) = figure.axes
    assert axes.get_title() == "Level 2"
    assert axes.get_ylabel() == "log-loss saved, 95 % interval (nats a bar)"
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "against the class prior",
        "against the volatility prior",
    ]
    assert axes.lines[1].get_marker() != axes.lines[2].get_marker()
    assert png(figure) == png(skill_by_month(judged, "Level 2"))


def test_two_hours_of_bars_can_be_drawn() -> None:
    assert png(skill_by_month(answers(8), "")).startswith(b"\x89PNG")


def test_the_names_of_months_over_two_years_do_not_overlap() -> None:
    figure = skill_by_month(answers(96 * 725, "2023-01-30"), "")
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_xticklabels()]
    assert len(figure.axes[0].lines[1].get_ydata()) == 24
    assert len(boxes) == 12
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
