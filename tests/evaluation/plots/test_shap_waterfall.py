"""Steps lead from the base to the answer, and those against it look so."""

import numpy as np

from kaidan.evaluation.plots.shap_waterfall import shap_waterfall
from kaidan.signal import Signal
from tests.evaluation.plots.drawn import png

STEPS = [("rsi_14 = 71", 0.2), ("volume = 3", -0.05), ("8 others", 0.1)]


def test_every_step_begins_where_the_one_before_it_ended() -> None:
    (axes,) = shap_waterfall(0.25, STEPS, Signal.SELL, "").axes
    spans = {
        round(bar.get_y() + bar.get_height() / 2): (bar.get_x(), bar.get_x() + bar.get_width())
        for bar in axes.patches
    }
    np.testing.assert_allclose(
        [spans[n] for n in range(3)], [(0.25, 0.45), (0.45, 0.40), (0.40, 0.50)]
    )


def test_the_first_step_is_on_top_and_steps_say_what_and_how_much() -> None:
    (axes,) = shap_waterfall(0.25, STEPS, Signal.SELL, "Why SELL").axes
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    assert [label.get_text() for label in axes.get_yticklabels()] == [label for label, _ in STEPS]
    assert [text.get_text() for text in axes.texts] == ["+20.0", "-5.0", "+10.0"]
    assert axes.get_title() == "Why SELL"


def test_the_legend_tells_both_ends_and_both_colours() -> None:
    figure = shap_waterfall(0.25, STEPS, Signal.SELL, "")
    (legend,) = figure.legends
    assert {text.get_text() for text in legend.get_texts()} == {
        "speaks for SELL",
        "speaks against SELL",
        "without any feature: 25.0%",
        "answered: 50.0%",
    }


def test_a_vote_that_nothing_moved_is_drawn_too_and_alike_twice() -> None:
    still = [("a = 1", 0.0), ("b = 2", 0.0)]
    one, other = (shap_waterfall(0.3, still, Signal.HOLD, "") for _ in range(2))
    assert png(one) == png(other)
