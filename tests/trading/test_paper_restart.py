"""A broker that was killed goes on as if nothing had happened."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaidan.errors import DataError
from kaidan.trading.paper import PaperBroker
from kaidan.trading.policy import Side
from kaidan.trading.position import ExitReason
from tests.trading.chance import Chance
from tests.trading.kit import Market, order, trading

LIMITS = trading(initial_equity_quote=1000.0, max_volume_share=0.1)


def restarted(broker, limits=LIMITS):
    """Another broker, from what a journal would have kept of this one."""
    text = json.dumps(broker.state(), allow_nan=False)
    another = PaperBroker(limits)
    another.restore(json.loads(text))
    return another


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), killed=st.sets(st.integers(0, 79), max_size=20))
def test_restarts_at_any_bars_change_no_fill_no_trade_and_no_equity(seed, killed):
    chance = Chance(seed)
    one, two = PaperBroker(LIMITS), PaperBroker(LIMITS)
    for row in range(len(chance.bars)):
        assert chance.lead(one, row) == chance.lead(two, row)
        if row in killed:
            two = restarted(two)
        assert two.state() == one.state()
        assert two.account == one.account
    last = chance.bars[-1]
    assert one.close_out(last) == two.close_out(last)
    assert one.equity_share == two.equity_share


def nothing_yet(market):
    pass


def flat(market):
    market.bar(100)


def an_entry_asked_for(market):
    market.bar(100)
    market.broker.enter(order(Side.SHORT))


def held(market):
    market.hold()


def a_turn_asked_for(market):
    market.hold()
    market.broker.exit(ExitReason.TURN)
    market.broker.enter(order(Side.SHORT))


def an_exit_half_done(market):
    market.hold()
    market.broker.exit(ExitReason.TURN)
    market.bar(100, volume=40)


def a_stop_half_filled(market):
    market.hold(Side.SHORT)
    market.bar((110, 110, 90, 100), volume=40)


def a_target_half_filled(market):
    market.hold()
    market.bar((102, 110, 102, 102), volume=40)


def prolonged(market):
    market.hold(due_bars=1)
    market.broker.extend(3)


def all_lost(market):
    market.hold(Side.SHORT)
    market.bar(300)


STATES = [
    nothing_yet,
    flat,
    an_entry_asked_for,
    held,
    a_turn_asked_for,
    an_exit_half_done,
    a_stop_half_filled,
    a_target_half_filled,
    prolonged,
    all_lost,
]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_a_broker_goes_on_from(state):
    costs = {"taker_fee_share": 0.001, "slippage_share": 0.0005}
    markets = [Market(**costs), Market(**costs)]
    for market in markets:
        state(market)
    before = markets[1].broker
    markets[1].broker = restarted(before, markets[1].settings)
    assert markets[1].broker.account == before.account
    for row, volume in [((101, 102, 99, 100), 20), ((104, 105, 95, 96), 40), (97, 1e6), (97, 1e6)]:
        told = [market.bar(row, volume) for market in markets]
        assert told[0] == told[1]
        assert markets[0].broker.state() == markets[1].broker.state()


def test_an_order_of_before_a_restart_is_dropped_when_bars_were_missed():
    market = Market()
    an_entry_asked_for(market)
    market.broker = restarted(market.broker, market.settings)
    market.skip()
    assert market.bar(100).fills == ()
    assert market.bar(100).fills == ()


def test_a_bar_that_was_decided_before_a_restart_is_refused_after_it():
    market = Market()
    market.hold()
    market.broker = restarted(market.broker, market.settings)
    market.time = market.time.replace(minute=15)
    with pytest.raises(DataError, match="give each closed bar once"):
        market.bar(100)


@pytest.mark.parametrize(
    "damage",
    [
        {"exit": "regret"},
        {"time": "yesterday"},
        {"position": {"side": "LONG"}},
        {"entry": {"side": "UP"}},
    ],
    ids=str,
)
def test_a_state_that_no_broker_wrote_is_refused_in_one_line(damage):
    with pytest.raises(DataError, match="state that it never wrote") as refused:
        PaperBroker(LIMITS).restore(PaperBroker(LIMITS).state() | damage)
    assert "\n" not in str(refused.value)


def test_a_state_that_lacks_something_is_refused():
    state = PaperBroker(LIMITS).state()
    del state["settled_share"]
    with pytest.raises(DataError, match="settled_share"):
        PaperBroker(LIMITS).restore(state)
