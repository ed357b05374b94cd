"""Broker and risk manager over one bar after the other."""

import json
from typing import Any

import pytest

from kaidan.bot.desk import Dealt, Desk
from kaidan.errors import DataError
from kaidan.serving.prediction import Prediction
from kaidan.trading.policy import Side
from kaidan.trading.position import ExitReason
from tests.bot.risk.kit import BUY, DUMMY, HOLD, SELL, bar, opinions, prediction, row, settings

SETTINGS = settings()
ROW = row() | opinions(0, 0, 0, 0, 0)


@pytest.fixture
def desk() -> Desk:
    return Desk(SETTINGS)


def hear(desk: Desk, n: int, said: Prediction, **more: Any) -> Dealt:
    values = {"bars_since_gap": 5000} | more
    return desk.on_bar(bar(n, volume=1e6), ROW, said, **values)


def test_what_is_asked_for_on_one_bar_is_filled_on_the_next(desk) -> None:
    asked = hear(desk, 0, prediction(*BUY))
    assert asked.executed.fills == ()
    assert asked.account.pending_entry == asked.verdict.order
    filled = hear(desk, 1, prediction(*HOLD))
    assert [fill.reason for fill in filled.executed.fills] == ["entry"]
    assert filled.account.side is Side.LONG
    assert desk.account == filled.account


def test_an_answer_for_the_other_side_turns_in_one_bar(desk) -> None:
    hear(desk, 0, prediction(*BUY))
    turn = hear(desk, 1, prediction(*SELL))
    assert turn.verdict.exit is ExitReason.TURN
    assert turn.verdict.order.side is Side.SHORT
    turned = hear(desk, 2, prediction(*HOLD))
    assert [trade.reason for trade in turned.executed.trades] == [ExitReason.TURN]
    assert turned.account.side is Side.SHORT


def test_the_same_answer_again_holds_for_longer(desk) -> None:
    hear(desk, 0, prediction(*BUY))
    first = hear(desk, 1, prediction(*BUY))
    horizon_bars = SETTINGS.training.label.horizon_bars
    assert first.verdict.extend_bars == horizon_bars
    assert hear(desk, 2, prediction(*HOLD)).account.due_time == first.account.due_time
    assert first.account.due_time == bar(2 + horizon_bars).time


def test_the_dummy_asks_for_nothing(desk) -> None:
    asked = hear(desk, 0, DUMMY)
    assert asked.account.pending_entry is None
    assert "no_model" in {veto.name for veto in asked.verdict.vetoes}


@pytest.mark.parametrize(
    ("how", "veto"),
    [
        ({"bar_delay_seconds": 500.0}, "stale_bar"),
        ({"spread_share": 0.1}, "wide_spread"),
        ({"bars_since_gap": 1}, "recent_gap"),
    ],
)
def test_what_is_told_about_the_bar_reaches_the_risk_manager(desk, how, veto) -> None:
    asked = hear(desk, 0, prediction(*BUY), **how)
    assert [one.name for one in asked.verdict.vetoes] == [veto]
    assert asked.account.pending_entry is None


def test_where_nothing_may_be_traded_what_is_held_is_left_and_nothing_asked_for(desk) -> None:
    hear(desk, 0, prediction(*BUY))
    hear(desk, 1, prediction(*BUY))
    masked = hear(desk, 2, prediction(*BUY), tradable=False)
    assert [trade.reason for trade in masked.executed.trades] == [ExitReason.MASKED]
    assert (masked.account.side, masked.account.pending_entry) == (Side.FLAT, None)


def test_a_desk_goes_on_where_another_was(desk) -> None:
    said = [BUY, HOLD, SELL, HOLD, SELL, BUY, HOLD, HOLD]
    first = Desk(SETTINGS)
    for n, chances in enumerate(said[:3]):
        hear(first, n, prediction(*chances))
    desk.restore(json.loads(json.dumps(first.state())))
    for n, chances in enumerate(said[3:], start=3):
        assert hear(desk, n, prediction(*chances)) == hear(first, n, prediction(*chances))
    assert desk.state() == first.state()


def test_a_bar_is_dealt_with_once(desk) -> None:
    hear(desk, 1, prediction(*BUY))
    with pytest.raises(DataError):
        hear(desk, 1, prediction(*BUY))
