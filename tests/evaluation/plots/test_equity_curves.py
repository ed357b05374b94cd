"""Equity ends where it ended, and drawdown is as deep as it was."""

import numpy as np
import pandas as pd
import pytest

from kaidan.errors import UsageError
from kaidan.evaluation.plots import equity
from tests.evaluation.plots.drawn import png

TIMES = pd.date_range("2025-01-01", periods=4, freq="15min", tz="UTC")
CURVES = {
    "model": np.array([1.0, 1.2, 0.9, 1.1]),
    "buy and hold": np.array([1.0, 0.8, 1.0, 1.5]),
    "always HOLD": np.ones(4),
}


def drawn(panel: int, curves: dict[str, np.ndarray] = CURVES) -> dict[str, np.ndarray]:
    """Values by contender; a panel's last lines are the contenders, the model on top."""
    lines = equity(TIMES, curves, "").axes[panel].lines[-len(curves) :]
    return dict(zip(reversed(list(curves)), (line.get_ydata() for line in lines), strict=True))


def test_every_contender_is_drawn_as_it_went() -> None:
    for name, values in drawn(0).items():
        assert values.tolist() == CURVES[name].tolist()


def test_drawdown_is_the_loss_from_the_highest_point_so_far() -> None:
    found = drawn(1)
    assert np.allclose(found["model"], [0, 0, 0.9 / 1.2 - 1, 1.1 / 1.2 - 1])
    assert np.allclose(found["buy and hold"], [0, -0.2, 0, 0])
    assert np.allclose(found["always HOLD"], 0)


def test_a_loss_on_the_first_bar_is_a_drawdown() -> None:
    assert np.allclose(drawn(1, {"model": np.full(4, 0.9)})["model"], -0.1)


def test_contenders_are_listed_in_the_order_in_which_they_end() -> None:
    (legend,) = equity(TIMES, CURVES, "").legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "buy and hold +50.0%",
        "model +10.0%",
        "always HOLD +0.0%",
    ]


def test_the_model_is_the_thickest_line_and_no_two_look_alike() -> None:
    *others, model = equity(TIMES, CURVES, "").axes[0].lines[-3:]
    assert model.get_linewidth() > max(line.get_linewidth() for line in others)
    dashes = {str(line.get_linestyle()) for line in (model, *others)}
    assert len(dashes) == 3


def test_two_years_are_thinned_without_losing_the_end_or_the_deepest_bar() -> None:
    n = 70_176
    times = pd.date_range("2023-01-01", periods=n, freq="15min", tz="UTC")
    curve = np.ones(n)
    curve[31_234] = 0.4
    curve[-1] = 2.0
    above, below = (a.lines[-1].get_ydata() for a in equity(times, {"model": curve}, "").axes)
    assert len(above) <= 1000
    assert above[-1] == 2.0
    assert below.min() == pytest.approx(-0.6)


def test_axes_name_what_they_show() -> None:
    figure = equity(TIMES, CURVES, "Level 1")
    above, below = figure.axes
    assert above.get_title() == "Level 1"
    assert above.get_ylabel() == "equity after costs (start = 1)"
    assert below.get_ylabel() == "drawdown"
    assert below.get_xlabel() == "time of the bar (UTC)"
    assert above.get_xlim() == below.get_xlim()
    assert png(figure) == png(equity(TIMES, CURVES, "Level 1"))


def test_more_curves_than_can_be_told_apart_are_refused() -> None:
    with pytest.raises(UsageError, match="got 10 equity curves, want at most 9"):
        equity(TIMES, {str(number): np.ones(4) for number in range(10)}, "")
