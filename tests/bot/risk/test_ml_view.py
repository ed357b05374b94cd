"""Answers as other code hands them over: arrays, lists, names, one or many."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaidan.bot.risk import IntegratedRiskManager, MlView
from kaidan.bot.risk.ml_view import view_of_prediction
from kaidan.errors import UsageError
from kaidan.serving.prediction import Prediction, Probabilities
from kaidan.signal import Signal
from kaidan.trading.policy import Side
from tests.bot.risk.kit import BUY, DISTRIBUTION, DUMMY, HOLD, SELL, prediction, settings

NAN = math.nan


def evaluate(predictions: Any, probabilities: Any) -> MlView:
    return IntegratedRiskManager(settings()).evaluate_ml_signals(predictions, probabilities)


@pytest.mark.parametrize(
    ("predictions", "probabilities"),
    [
        (Signal.BUY, BUY),
        ("BUY", list(BUY)),
        (2, [BUY]),
        ([Signal.BUY], np.array([BUY], dtype=np.float32)),
        (np.array([2]), np.array(BUY)),
        (np.array(["BUY"]), [list(BUY)]),
        (pd.Series(["BUY"]), pd.DataFrame([BUY], columns=["p_sell", "p_hold", "p_buy"])),
        ([2.0], (Probabilities(*BUY),)),
    ],
)
def test_one_answer_is_understood_in_every_form(predictions: Any, probabilities: Any) -> None:
    view = evaluate(predictions, probabilities)
    assert view.signal is Signal.BUY
    assert view.direction is Side.LONG
    assert view.confidence == pytest.approx(0.7)
    assert view.edge == pytest.approx(0.6)
    assert not view.abstains
    assert str(view) == "BUY 0.70 (sell 0.10, hold 0.20, buy 0.70)"


def test_sell_is_the_first_column_and_hold_has_no_direction() -> None:
    assert evaluate(Signal.SELL, SELL).direction is Side.SHORT
    assert evaluate(Signal.SELL, SELL).edge == pytest.approx(-0.6)
    assert evaluate(Signal.HOLD, HOLD).direction is Side.FLAT
    assert not evaluate(Signal.HOLD, HOLD).abstains


@pytest.mark.parametrize("row", [(0, 0, 0), (NAN, NAN, NAN), (0, 1, 0), DUMMY.probabilities])
def test_an_abstention_weighs_nothing(row: Any) -> None:
    alone = evaluate(["HOLD"], [row])
    assert alone.abstains
    assert (alone.signal, alone.confidence, alone.edge) == (Signal.HOLD, 0.0, 0.0)
    together = evaluate(["BUY", "HOLD"], [BUY, row])
    assert together.probabilities == evaluate("BUY", BUY).probabilities
    assert together.reasons[-1] == "1 of 2 answer"


def test_nobody_asked_is_an_abstention() -> None:
    assert evaluate([], []).abstains


def test_the_dummy_abstains() -> None:
    assert view_of_prediction(DUMMY).abstains
    unsure = Prediction(Signal.BUY, 0.0, Probabilities(*BUY), level=3)
    assert view_of_prediction(unsure).abstains
    assert not view_of_prediction(prediction(*BUY)).abstains


def test_many_answers_are_averaged_and_the_surest_signal_wins() -> None:
    view = evaluate(["BUY", "HOLD", "BUY"], [BUY, HOLD, (0.2, 0.3, 0.5)])
    assert view.signal is Signal.BUY
    assert view.probabilities == pytest.approx((0.5 / 3, 1.1 / 3, 1.4 / 3))
    assert view.confidence == pytest.approx(1.4 / 3)
    assert view.reasons[-1] == "3 of 3 answer"


def test_answers_that_contradict_each_other_alike_are_hold() -> None:
    view = evaluate(["BUY", "SELL"], [BUY, SELL])
    assert view.signal is Signal.HOLD
    assert view.edge == pytest.approx(0.0)


def test_a_signal_against_its_own_chances_is_told() -> None:
    view = evaluate("BUY", (0.5, 0.2, 0.3))
    assert view.reasons[1] == "the other side is likelier than BUY"


@pytest.mark.parametrize(
    ("predictions", "probabilities", "said"),
    [
        ("BUY", (0.5, 0.5, 0.5), r"\(0.5, 0.5, 0.5\), want three from 0 to 1 that add"),
        ("BUY", (-0.2, 0.5, 0.7), "want three from 0 to 1"),
        ("BUY", (NAN, 0.5, 0.5), "want three from 0 to 1"),
        ("BUY", (math.inf, 0.0, 0.0), "want three from 0 to 1"),
        ("BUY", (0.4, 0.6), r"1 predictions and probabilities of shape \(1, 2\), want \(1, 3\)"),
        (["BUY", "BUY"], [BUY], r"2 predictions and probabilities of shape \(1, 3\)"),
        ("BUY", "much", "got probabilities 'much', want numbers"),
        ("BUY", [[0.1, 0.9], [1.0]], "want numbers of shape"),
        ("buy", BUY, "got prediction 'buy', want SELL, HOLD or BUY"),
        (3, BUY, "got prediction 3, want"),
        (1.5, BUY, "got prediction 1.5, want"),
        (None, BUY, "got prediction None, want"),
    ],
)
def test_what_is_no_answer_is_refused_in_one_line(
    predictions: Any, probabilities: Any, said: str
) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        evaluate(predictions, probabilities)
    assert "\n" not in str(refused.value)


@given(st.lists(st.tuples(st.sampled_from(Signal), DISTRIBUTION), min_size=1, max_size=5))
def test_the_mirror_of_the_answers_is_the_mirror_of_the_view(answers: list[Any]) -> None:
    view = evaluate([s for s, _ in answers], [p for _, p in answers])
    mirror = evaluate([Signal(2 - s) for s, _ in answers], [p[::-1] for _, p in answers])
    assert mirror.signal == 2 - view.signal
    assert mirror.edge == pytest.approx(-view.edge, abs=1e-12)
    assert mirror.confidence == pytest.approx(view.confidence)


def test_it_becomes_plain_values() -> None:
    assert evaluate("HOLD", (0, 0, 0)).to_dict() == {
        "signal": "HOLD",
        "confidence": 0.0,
        "probabilities": None,
        "edge": 0.0,
        "abstains": True,
        "reasons": ["no model answers"],
    }
    assert evaluate("BUY", BUY).to_dict()["probabilities"] == {"sell": 0.1, "hold": 0.2, "buy": 0.7}
