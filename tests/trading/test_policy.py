"""What each answer asks for, from each side."""

import pytest

from kaidan.signal import Signal
from kaidan.trading.policy import Side, wanted_side


@pytest.mark.parametrize("held", list(Side))
def test_buy_wants_long_sell_wants_short_and_hold_wants_no_change(held):
    assert wanted_side(Signal.BUY, held, allow_short=True) is Side.LONG
    assert wanted_side(Signal.SELL, held, allow_short=True) is Side.SHORT
    assert wanted_side(Signal.HOLD, held, allow_short=True) is held


@pytest.mark.parametrize("held", [Side.FLAT, Side.LONG])
def test_where_short_is_not_allowed_sell_wants_to_be_flat(held):
    assert wanted_side(Signal.SELL, held, allow_short=False) is Side.FLAT
