"""The summary ranks features by what they add, and shows which way each value pushes."""

import numpy as np
import pandas as pd
import pytest

from kaidan.evaluation.explanation import Explanation
from kaidan.evaluation.plots.shap_summary import shap_summary
from kaidan.signal import Signal
from tests.evaluation.plots.drawn import png

N_ROWS = 50
RISING = np.linspace(-1.0, 1.0, N_ROWS)


def explained(n_inputs: int) -> tuple[Explanation, pd.DataFrame]:
    """Input n pushes n times as hard, to BUY where its value is high."""
    names = tuple(f"f{n}" for n in range(n_inputs))
    push = 0.01 * RISING[:, None] * np.arange(n_inputs)
    values = np.stack([-push, np.zeros_like(push), push], axis=2)
    base = np.full(3, 1 / 3)
    rows = pd.DataFrame(dict.fromkeys(names, RISING))
    return Explanation(names, base, values, base + values.sum(axis=1)), rows


def test_the_features_that_add_most_are_drawn_the_first_on_top() -> None:
    bars, *_ = shap_summary(*explained(30), "").axes
    names = [label.get_text() for label in bars.get_yticklabels()]
    assert names == [f"f{n}" for n in range(10, 30)]
    assert bars.get_ylim()[1] > bars.get_ylim()[0]


def test_bars_are_as_long_as_the_mean_size_by_class() -> None:
    bars, *_ = shap_summary(*explained(3), "").axes
    widths = np.array([bar.get_width() for bar in bars.patches]).reshape(3, 3)
    size = 100 * 0.01 * np.abs(RISING).mean() * np.arange(3)
    np.testing.assert_allclose(widths[Signal.SELL], size)
    np.testing.assert_allclose(widths[Signal.HOLD], 0.0)
    np.testing.assert_allclose(widths[Signal.BUY], size)


def test_a_point_a_row_lies_at_its_push_and_has_the_colour_of_its_value() -> None:
    _, swarm, *_ = shap_summary(*explained(3), "").axes
    top = swarm.collections[2]
    at = np.asarray(top.get_offsets())
    np.testing.assert_allclose(at[:, 0], 100 * 2 * 0.02 * RISING)
    np.testing.assert_allclose(np.asarray(top.get_array()), (RISING + 1) / 2)
    assert (np.abs(at[:, 1] - 2) < 0.5).all()


@pytest.mark.parametrize("n_inputs", [1, 3])
def test_it_is_drawn_alike_twice_also_where_nothing_is_moved(n_inputs: int) -> None:
    found, rows = explained(n_inputs)
    assert png(shap_summary(found, rows, "Level 1")) == png(shap_summary(found, rows, "Level 1"))
    assert shap_summary(found, rows, "Level 1").get_suptitle() == "Level 1"
