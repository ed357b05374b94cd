"""How a paper broker fills, against quantities and prices worked out by hand."""

import pytest

from kaidan.errors import DataError
from kaidan.market.bar import Bar
from kaidan.trading.policy import Side
from kaidan.trading.position import ExitReason
from tests.trading.kit import Market, order

EXACT = pytest.approx
TURN, STOP, TARGET = ExitReason.TURN, ExitReason.STOP, ExitReason.TARGET


def filled(told):
    return [(f.side.name, f.quantity, f.price, f.reason, f.partial) for f in told.fills]


def test_an_account_begins_with_nothing_but_its_money():
    account = Market().broker.account
    assert (account.equity_share, account.equity_quote) == (1.0, 1000.0)
    assert (account.side, account.quantity, account.position_share) == (Side.FLAT, 0.0, 0.0)
    assert (account.entry_price, account.due_time, account.pending_exit) == (None, None, None)
    assert (account.n_fills, account.n_trades, account.unrealised_quote) == (0, 0, 0.0)


def test_an_order_buys_for_its_share_of_the_equity_at_the_next_open():
    market = Market(taker_fee_share=0.001, slippage_share=0.01)
    market.bar(100)
    market.broker.enter(order(share=0.5, stop_share=0.1, target_share=0.2))
    assert market.broker.account.pending_entry == order(share=0.5, stop_share=0.1, target_share=0.2)
    (fill,), trades = market.bar((100, 110, 100, 105))
    account = market.broker.account
    assert trades == ()
    assert (fill.price, fill.quantity) == EXACT((101, 500 / 101))
    assert (fill.fee_quote, fill.slippage_quote) == EXACT((0.5, 500 / 101))
    assert account.equity_quote == EXACT(1000 - 0.5 + 4 * 500 / 101)
    assert account.unrealised_quote == EXACT(4 * 500 / 101)
    assert account.position_share == EXACT(105 * 500 / 101 / account.equity_quote)
    assert (account.stop_price, account.target_price) == EXACT((101 * 0.9, 101 * 1.2))
    assert (account.entry_time, account.due_time) == (
        market.time.replace(minute=15),
        market.time.replace(hour=1, minute=0),
    )
    assert account.pending_entry is None


def test_what_an_entry_does_not_get_is_dropped():
    market = Market()
    market.bar(100)
    market.broker.enter(order())
    assert filled(market.bar(100, volume=40)) == [("LONG", EXACT(4), 100, "entry", True)]
    assert filled(market.bar(101)) == []
    account = market.broker.account
    assert (account.quantity, account.equity_quote) == EXACT((4, 1004))
    assert account.position_share == EXACT(404 / 1004)


def test_a_partial_entry_earns_as_little_as_it_holds():
    market = Market(taker_fee_share=0.001)
    market.bar(100)
    market.broker.enter(order())
    market.bar(100, volume=40)
    told = market.bar((101, 104, 100, 104))
    assert filled(told) == [("SHORT", EXACT(4), 103, "target", False)]
    (trade,) = told.trades
    assert trade.net_return == EXACT((4 * 3 - 0.001 * 4 * 203) / 1000)
    assert trade.traded == EXACT(4 * 203 / 1000)
    assert market.broker.account.equity_quote == EXACT(1000 * (1 + trade.net_return))


def test_an_exit_goes_on_at_the_opens_that_follow_until_nothing_is_left():
    market = Market(taker_fee_share=0.001, slippage_share=0.01)
    market.bar(100)
    market.broker.enter(order(stop_share=0.5, target_share=0.5))
    market.bar(100)
    entry, held = 101.0, 1000 / 101
    market.broker.exit(TURN)
    first = market.bar((100, 130, 60, 102), volume=50)
    assert filled(first) == [("SHORT", EXACT(5), 99, "turn", True)]
    assert first.trades == ()
    account = market.broker.account
    assert account.quantity == EXACT(held - 5)
    assert account.pending_exit is TURN
    fees = 0.001 * (1000 + 5 * 99)
    assert account.equity_quote == EXACT(
        1000 - fees + 5 * (99 - entry) + (held - 5) * (102 - entry)
    )
    assert account.unrealised_quote == EXACT((held - 5) * (102 - entry))
    assert filled(market.bar((110, 120, 50, 110), volume=0)) == []
    market.skip()
    assert filled(market.bar(110, volume=30)) == [("SHORT", EXACT(3), 110 * 0.99, "turn", True)]
    last = market.bar(120, volume=30)
    assert filled(last) == [("SHORT", EXACT(held - 8), 120 * 0.99, "turn", False)]
    (trade,) = last.trades
    got = 5 * 99 + 3 * 110 * 0.99 + (held - 8) * 120 * 0.99
    assert trade.exit_price == EXACT(got / held)
    assert trade.exit_time == market.time.replace(hour=1, minute=30)
    assert trade.net_return == EXACT((got - 1000 - 0.001 * (1000 + got)) / 1000)
    slipped = held + 5 * 1 + 3 * 1.1 + (held - 8) * 1.2
    assert trade.costs == EXACT((0.001 * (1000 + got) + slipped) / 1000)
    assert market.broker.account.equity_share == EXACT(1 + trade.net_return)
    assert (market.broker.account.n_fills, market.broker.account.n_trades) == (4, 1)


def test_an_exit_that_goes_on_is_not_taken_back_and_lets_nothing_in():
    market = Market()
    market.hold()
    market.broker.exit(TURN)
    market.bar(100, volume=40)
    market.broker.extend(100)
    market.broker.enter(order(Side.SHORT))
    assert filled(market.bar(100, volume=40)) == [("SHORT", EXACT(4), 100, "turn", True)]
    told = market.bar(100, volume=40)
    assert filled(told) == [("SHORT", EXACT(2), 100, "turn", False)]
    assert market.broker.side is Side.FLAT


def test_a_stop_that_was_hit_stays_hit():
    market = Market()
    market.hold()
    first = market.bar((99, 99, 97, 97), volume=60)
    assert filled(first) == [("SHORT", EXACT(6), 98, "stop", True)]
    market.broker.exit(TURN)
    assert market.broker.account.pending_exit is STOP
    told = market.bar((105, 106, 104, 105), tradable=False)
    assert filled(told) == [("SHORT", EXACT(4), 105, "stop", False)]
    assert told.trades[0].reason is STOP
    assert told.trades[0].exit_price == EXACT((6 * 98 + 4 * 105) / 10)


def test_what_a_target_did_not_get_rests_at_its_price():
    market = Market()
    market.hold(due_bars=9)
    assert filled(market.bar((102, 104, 102, 102), volume=60)) == [
        ("SHORT", EXACT(6), 103, "target", True)
    ]
    assert market.broker.account.pending_exit is None
    assert filled(market.bar((102, 102.9, 101, 102))) == []
    told = market.bar((104, 105, 101, 102))
    assert filled(told) == [("SHORT", EXACT(4), 103, "target", False)]
    assert told.trades[0].exit_price == EXACT(103)


@pytest.mark.parametrize(
    ("due_bars", "row", "price", "reason"),
    [(3, (99, 99, 97, 97), 98, STOP), (2, 101, 101, ExitReason.TIME_OUT)],
)
def test_what_a_target_did_not_get_can_still_be_left_otherwise(due_bars, row, price, reason):
    market = Market()
    market.hold(due_bars=due_bars)
    market.bar((102, 104, 102, 102), volume=60)
    (trade,) = market.bar(row).trades
    assert (trade.reason, trade.exit_price) == (reason, EXACT((6 * 103 + 4 * price) / 10))


def test_a_gap_through_the_stop_with_thin_volume_is_left_at_two_opens():
    market = Market()
    market.hold(Side.SHORT)
    assert filled(market.bar((110, 111, 109, 110), volume=30)) == [
        ("LONG", EXACT(3), 110, "stop", True)
    ]
    (trade,) = market.bar((115, 115, 99, 100)).trades
    assert trade.exit_price == EXACT((3 * 110 + 7 * 115) / 10)
    assert trade.net_return == EXACT(-(3 * 10 + 7 * 15) / 1000)


def test_a_time_out_goes_on_as_well():
    market = Market()
    market.hold(due_bars=1)
    assert filled(market.bar((100, 105, 95, 100), volume=60)) == [
        ("SHORT", EXACT(6), 100, "time_out", True)
    ]
    (trade,) = market.bar(101).trades
    assert trade.reason is ExitReason.TIME_OUT


def test_a_time_out_is_counted_from_the_last_bar_and_never_earlier():
    market = Market()
    market.hold(due_bars=3)
    due = market.broker.account.due_time
    market.broker.extend(1)
    assert market.broker.account.due_time == due
    market.broker.extend(3)
    assert market.broker.account.due_time == market.time.replace(hour=1, minute=15)
    for _ in range(3):
        assert filled(market.bar(100)) == []
    assert market.bar(100).trades[0].reason is ExitReason.TIME_OUT


def test_a_turn_takes_no_more_of_a_bar_than_one_order_does():
    market = Market()
    market.hold()
    market.broker.exit(TURN)
    market.broker.enter(order(Side.SHORT))
    assert filled(market.bar(100, volume=130)) == [
        ("SHORT", EXACT(10), 100, "turn", False),
        ("SHORT", EXACT(3), 100, "entry", True),
    ]


def test_a_turn_that_cannot_leave_in_one_bar_opens_nothing():
    market = Market()
    market.hold()
    market.broker.exit(TURN)
    market.broker.enter(order(Side.SHORT))
    market.bar(100, volume=99)
    market.bar(100)
    account = market.broker.account
    assert (account.side, account.due_time, account.pending_exit) == (Side.FLAT, None, None)


def test_an_entry_may_be_stopped_in_its_bar_as_far_as_it_was_filled():
    market = Market()
    market.bar(100)
    market.broker.enter(order())
    told = market.bar((100, 100, 97, 99), volume=40)
    assert filled(told) == [
        ("LONG", EXACT(4), 100, "entry", True),
        ("SHORT", EXACT(4), 98, "stop", False),
    ]


@pytest.mark.parametrize(
    ("price", "share", "volume"), [(102.13, 0.81, 11.3), (93.51, 0.9, 11.3), (104.43, 0.67, 6.9)]
)
def test_rounding_leaves_no_dust_of_what_a_bar_gave_and_took_back(price, share, volume):
    market = Market(slippage_share=0.0005)
    market.bar(price)
    market.broker.enter(order(share=share))
    market.bar((price, price, 80, price), volume=volume)
    assert market.broker.side is Side.FLAT


def test_an_order_while_something_is_held_is_dropped():
    market = Market()
    market.hold()
    market.broker.enter(order(Side.SHORT))
    assert filled(market.bar(100)) == []
    assert market.broker.account.pending_entry is None
    assert market.broker.side is Side.LONG


def test_of_two_orders_before_one_bar_the_last_counts():
    market = Market()
    market.bar(100)
    market.broker.enter(order())
    market.broker.enter(order(Side.SHORT))
    assert [fill.side for fill in market.bar(100).fills] == [Side.SHORT]


def test_an_order_before_the_first_bar_is_dropped():
    market = Market()
    market.broker.enter(order())
    assert filled(market.bar(100)) == []


def test_to_leave_or_prolong_nothing_has_no_effect():
    market = Market()
    before = market.broker.state()
    market.broker.exit(TURN)
    market.broker.extend(3)
    assert market.broker.state() == before


@pytest.mark.parametrize("volume", [0.0, 1e6])
def test_an_entry_is_not_filled_across_a_gap_nor_on_a_filler_bar(volume):
    market = Market()
    market.bar(100)
    market.broker.enter(order())
    if volume:
        market.skip()
    assert filled(market.bar(100, volume)) == []
    assert filled(market.bar(100)) == []


def test_a_bar_that_is_not_tradable_opens_nothing_and_closes_what_is_held():
    market = Market()
    market.bar(100)
    market.broker.enter(order())
    assert filled(market.bar(100, tradable=False)) == []
    market.hold()
    told = market.bar((100, 105, 95, 100), volume=60, tradable=False)
    assert filled(told) == [("SHORT", EXACT(6), 100, "masked", True)]


def test_never_more_is_bought_than_the_equity_pays_for():
    market = Market(taker_fee_share=0.01, slippage_share=0.01)
    for price in (100, 90, 80, 70, 60):
        market.bar(price)
        equity = market.broker.account.equity_quote
        market.broker.enter(order())
        fill, *_ = market.bar(price).fills
        assert fill.quantity * fill.price <= equity * (1 + 1e-12)
        market.broker.exit(TURN)
        market.bar(price)


def test_what_lost_everything_is_closed_at_the_close_and_trades_no_more():
    market = Market()
    market.hold(Side.SHORT)
    told = market.bar((120, 250, 120, 250), volume=10)
    assert filled(told) == [
        ("LONG", EXACT(1), 120, "stop", True),
        ("LONG", EXACT(9), 250, "liquidated", False),
    ]
    (trade,) = told.trades
    assert (trade.net_return, trade.reason) == (-1.0, ExitReason.LIQUIDATED)
    assert market.broker.account.equity_quote == 0
    market.broker.enter(order())
    assert filled(market.bar(100)) == []
    assert market.broker.account.position_share == 0


def test_on_a_bar_that_nobody_traded_on_nothing_is_worth_less_than_nothing():
    market = Market()
    market.hold(Side.SHORT)
    assert filled(market.bar(250, volume=0)) == []
    account = market.broker.account
    assert (account.equity_share, account.position_share) == (0, 0)
    assert market.bar(101).trades == ()
    assert market.broker.equity_share == EXACT(0.99)


def test_an_account_is_settled_at_the_last_close_whatever_its_volume():
    market = Market()
    market.hold()
    last = Bar(market.time, 101.0, 101.0, 101.0, 101.0, 0.0)
    assert filled(market.broker.close_out(last)) == [("SHORT", EXACT(10), 101, "end", False)]
    assert market.broker.equity_share == EXACT(1.01)
    assert market.broker.close_out(last) == ((), ())


def test_a_bar_that_is_not_later_is_refused():
    market = Market()
    market.bar(100)
    market.time = market.time.replace(minute=0)
    with pytest.raises(DataError, match="give each closed bar once, oldest first"):
        market.bar(100)
