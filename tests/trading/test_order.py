"""What is asked of a broker makes sense, and what it tells can be written down."""

import json
import math

import pytest

from kaidan.errors import UsageError
from kaidan.trading.order import Order
from kaidan.trading.policy import Side
from kaidan.trading.position import ExitReason
from tests.trading.kit import Market, order


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("side", Side.FLAT),
        ("share", 0.0),
        ("share", 1.01),
        ("share", math.nan),
        ("stop_share", 0.0),
        ("stop_share", math.inf),
        ("target_share", -0.01),
        ("target_share", math.nan),
        ("due_bars", 0),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_in_one_line(name, value):
    with pytest.raises(UsageError, match=f"{name}=.*want LONG or SHORT") as refused:
        order(**{name: value})
    assert "\n" not in str(refused.value)


def test_an_order_comes_back_from_json_as_it_was():
    asked = order(Side.SHORT, share=0.1 + 0.2)
    assert Order.from_dict(json.loads(json.dumps(asked.to_dict()))) == asked
    assert asked.to_dict()["side"] == "SHORT"


def test_fills_trades_and_accounts_are_plain_json():
    market = Market(taker_fee_share=0.001)
    market.hold()
    market.broker.exit(ExitReason.TURN)
    market.broker.enter(order(Side.SHORT))
    before = market.broker.account.to_dict()
    (left, entered), (trade,) = market.bar((101, 101, 100, 100))
    after = market.broker.account.to_dict()
    told = [left.to_dict(), entered.to_dict(), trade.to_dict(), before, after]
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert left.to_dict() == {
        "time": "2024-01-01T00:30:00+00:00",
        "side": "SHORT",
        "price": 101.0,
        "quantity": 10.0,
        "fee_quote": pytest.approx(1.01),
        "slippage_quote": 0.0,
        "reason": "turn",
        "partial": False,
    }
    assert entered.to_dict()["reason"] == "entry"
    assert [trade.to_dict()[name] for name in ("side", "reason")] == ["LONG", "turn"]
    assert (before["side"], before["pending_exit"], before["pending_entry"]["side"]) == (
        "LONG",
        "turn",
        "SHORT",
    )
    assert (after["side"], after["entry_time"]) == ("SHORT", "2024-01-01T00:30:00+00:00")
