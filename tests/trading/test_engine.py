"""Every rule by which a position begins and ends, against prices worked out by hand."""

from datetime import UTC, datetime

import numpy as np
import pytest

from kaidan.errors import DataError
from kaidan.market.bar import Bar
from kaidan.signal import Signal
from kaidan.trading.engine import Engine
from kaidan.trading.policy import Side
from tests.trading.kit import LABEL, run, trading

EXACT = pytest.approx


def prices(replayed):
    return [(t.side.name, t.entry_price, t.exit_price, str(t.reason)) for t in replayed.trades]


def test_an_answer_is_acted_on_at_the_open_of_the_next_bar():
    done = run([(100, 100, 100, 100), (101, 101, 101, 100.5), 100.5], "B")
    (trade,) = done.trades
    assert trade.entry_price == 101
    assert (trade.entry_time.hour, trade.entry_time.minute) == (0, 15)
    assert list(done.position) == [0, 1, 1]
    assert done.equity[0] == 1
    assert done.equity[1] == EXACT(100.5 / 101, abs=1e-12)


def test_without_a_later_bar_nothing_is_opened():
    done = run([100, 100], "-B")
    assert done.trades == ()
    assert list(done.equity) == [1, 1]


def test_a_long_position_is_stopped_at_its_stop():
    done = run([100, (100, 101, 97, 99), 99], "B")
    assert prices(done) == [("LONG", 100, 98, "stop")]
    assert list(done.position) == [0, 0, 0]


def test_a_short_position_is_stopped_at_its_stop():
    done = run([100, (100, 102.5, 99, 101), 99], "S")
    assert prices(done) == [("SHORT", 100, 102, "stop")]


def test_a_long_position_ends_at_its_target():
    done = run([100, 100, (101, 104, 100, 102)], "B")
    assert prices(done) == [("LONG", 100, 103, "target")]


def test_a_short_position_ends_at_its_target():
    done = run([100, 100, (99, 100, 96.5, 98)], "S")
    assert prices(done) == [("SHORT", 100, 97, "target")]


def test_a_price_that_only_touches_is_enough():
    assert prices(run([100, (100, 100, 98, 100)], "B")) == [("LONG", 100, 98, "stop")]
    assert prices(run([100, (100, 102, 100, 100)], "S")) == [("SHORT", 100, 102, "stop")]
    assert prices(run([100, (100, 103, 100, 100)], "B")) == [("LONG", 100, 103, "target")]
    assert prices(run([100, (100, 100, 97, 100)], "S")) == [("SHORT", 100, 97, "target")]


def test_the_stop_counts_when_a_bar_touches_both():
    assert prices(run([100, (100, 104, 97, 100)], "B")) == [("LONG", 100, 98, "stop")]
    assert prices(run([100, (100, 104, 96, 100)], "S")) == [("SHORT", 100, 102, "stop")]


def test_a_bar_that_opens_beyond_the_stop_is_left_at_its_open():
    assert prices(run([100, 100, (95, 99, 94, 98)], "B")) == [("LONG", 100, 95, "stop")]
    assert prices(run([100, 100, (105, 106, 101, 102)], "S")) == [("SHORT", 100, 105, "stop")]


def test_a_bar_that_opens_beyond_the_target_pays_the_target_only():
    assert prices(run([100, 100, (105, 106, 104, 105)], "B")) == [("LONG", 100, 103, "target")]
    assert prices(run([100, 100, (95, 96, 94, 95)], "S")) == [("SHORT", 100, 97, "target")]


def test_a_position_times_out_after_the_horizon_at_the_next_open():
    done = run([100, 100, 100, 100, (101, 101, 100, 100), 100], "B")
    assert prices(done) == [("LONG", 100, 101, "time_out")]
    assert list(done.position) == [0, 1, 1, 1, 0, 0]


def test_an_answer_for_the_same_side_begins_the_horizon_anew():
    done = run([100, 100, 100, 100, 100, 100, (101, 101, 101, 101), 100], "B-B")
    assert prices(done) == [("LONG", 100, 101, "time_out")]
    assert list(done.position) == [0, 1, 1, 1, 1, 1, 0, 0]


def test_hold_changes_nothing():
    assert prices(run([100, 100, 101], "B--")) == [("LONG", 100, 101, "end")]


def test_an_opposite_answer_closes_and_turns_at_one_open():
    done = run([100, 100, (101, 101, 101, 101), 100.5], "BS")
    assert prices(done) == [("LONG", 100, 101, "turn"), ("SHORT", 101, 100.5, "end")]
    assert list(done.position) == [0, 1, -1, -1]


def test_where_short_is_not_allowed_sell_only_closes():
    done = run([100, 100, 101, 100, 100], "BS-S", allow_short=False)
    assert prices(done) == [("LONG", 100, 101, "turn")]


def test_a_turn_may_be_stopped_in_the_bar_that_it_was_made_in():
    done = run([100, 100, (101, 104, 101, 104), 104], "BS")
    assert prices(done) == [("LONG", 100, 101, "turn"), ("SHORT", 101, EXACT(103.02), "stop")]


def test_after_a_stop_the_answer_of_the_same_bar_may_open_again():
    done = run([100, (100, 100, 97, 97), (98, 98, 98, 98), 98], "BB")
    assert prices(done) == [("LONG", 100, 98, "stop"), ("LONG", 98, 98, "end")]


def test_fees_and_slippage_are_taken_on_both_sides():
    done = run([100, 100, 100, 100, 101, 101], "B", taker_fee_share=0.001, slippage_share=0.0005)
    (trade,) = done.trades
    bought, sold = 100 * 1.0005, 101 * 0.9995
    assert trade.entry_price == EXACT(bought, abs=1e-12)
    assert trade.exit_price == EXACT(sold, abs=1e-12)
    fees = 0.001 * (1 + sold / bought)
    assert trade.net_return == EXACT(sold / bought - 1 - fees, abs=1e-12)
    assert trade.costs == EXACT(fees + (0.05 + 101 * 0.0005) / bought, abs=1e-12)
    assert trade.net_return + trade.costs == EXACT(1 / bought, abs=1e-12)
    assert trade.traded == EXACT(1 + sold / bought, abs=1e-12)
    assert done.equity[1] == EXACT(100 / bought - 0.001, abs=1e-12)
    assert done.equity[-1] == EXACT(1 + trade.net_return, abs=1e-12)


def test_a_short_sale_pays_the_same_costs():
    costs = {"taker_fee_share": 0.001, "slippage_share": 0.0005}
    (trade,) = run([100, 100, 100, 100, 101, 101], "S", **costs).trades
    sold, bought = 100 * 0.9995, 101 * 1.0005
    gain = 1 - bought / sold - 0.001 * (1 + bought / sold)
    assert trade.net_return == EXACT(gain, abs=1e-12)
    assert trade.net_return + trade.costs == EXACT(-1 / sold, abs=1e-12)


def test_a_stop_slips_and_a_target_does_not_but_both_pay_the_fee():
    costs = {"taker_fee_share": 0.001, "slippage_share": 0.0005}
    (stopped,) = run([100, (100, 100, 97, 99)], "B", **costs).trades
    (reached,) = run([100, (100, 104, 100, 102)], "B", **costs).trades
    assert stopped.exit_price == EXACT(100.05 * 0.98 * 0.9995, abs=1e-12)
    assert reached.exit_price == EXACT(100.05 * 1.03, abs=1e-12)
    assert reached.net_return == EXACT(0.03 - 0.001 * 2.03, abs=1e-12)


def test_half_a_position_moves_half_as_much():
    (trade,) = run([100, 100, 101], "B", position_share=0.5, taker_fee_share=0.001).trades
    assert trade.net_return == EXACT(0.5 * (0.01 - 0.001 * 2.01), abs=1e-12)


def test_an_entry_is_dropped_when_nobody_trades_on_the_next_bar():
    assert run([100, (100, 100, 100, 100, 0), 100, 100], "B").trades == ()


def test_an_entry_is_dropped_when_the_next_bar_is_missing():
    assert run([100, 100, 100, 100], "B", missing=1).trades == ()


def test_an_exit_waits_for_the_first_bar_that_was_traded_on():
    rows = [100, 100, (90, 110, 90, 100, 0), (101, 101, 101, 101), 100]
    assert prices(run(rows, "BS")) == [("LONG", 100, 101, "turn")]


def test_an_exit_that_waits_is_not_taken_back():
    rows = [100, 100, (100, 100, 100, 100, 0), (101, 101, 101, 101), 100]
    for later in "-B":
        assert prices(run(rows, f"BS{later}")) == [("LONG", 100, 101, "turn")]


def test_an_answer_that_is_repeated_while_an_exit_waits_turns():
    rows = [100, 100, (100, 100, 100, 100, 0), (101, 101, 101, 101), 100]
    assert prices(run(rows, "BSS")) == [("LONG", 100, 101, "turn"), ("SHORT", 101, 100, "end")]


def test_neither_stop_nor_target_is_filled_on_a_bar_that_nobody_traded_on():
    rows = [100, 100, (100, 110, 90, 100, 0), 100]
    assert prices(run(rows, "B")) == [("LONG", 100, 100, "end")]


def test_a_position_times_out_by_the_clock_across_missing_bars():
    done = run([100, 100, 100, 100, 100, (101, 101, 101, 101), 100], "B", missing=4)
    assert prices(done) == [("LONG", 100, 101, "time_out")]


def test_a_masked_bar_closes_at_its_open_and_opens_nothing():
    done = run([100, 100, (101, 105, 95, 100), 100, 100], "BB", masked="--xx-")
    assert prices(done) == [("LONG", 100, 101, "masked")]
    assert list(done.position) == [0, 1, 0, 0, 0]


def test_what_is_answered_on_a_masked_bar_is_not_heard():
    assert run([100, 100, 100], "BB-", masked="xx-").trades == ()


def test_the_end_of_a_mask_opens_nothing_by_itself():
    done = run([100, 100, 100, 100, 100], "B---B", masked="-xxx-")
    assert done.trades == ()


def test_whoever_lost_everything_trades_no_more():
    done = run([100, 100, 300, 300, 300, 300], "S-SSS")
    (trade,) = done.trades
    assert trade.net_return == -1
    assert list(done.equity[2:]) == [0, 0, 0, 0]


@pytest.mark.parametrize("minute", [0, 15])
def test_a_bar_that_is_not_later_is_refused(minute):
    engine = Engine(trading(), LABEL)
    bar = Bar(datetime(2024, 1, 1, 0, 15, tzinfo=UTC), 1.0, 1.0, 1.0, 1.0, 1.0)
    engine.on_bar(bar, Signal.HOLD)
    with pytest.raises(DataError, match="give each closed bar once, oldest first"):
        engine.on_bar(bar._replace(time=bar.time.replace(minute=minute)), Signal.HOLD)


def test_an_engine_shows_what_it_holds():
    engine = Engine(trading(), LABEL)
    assert engine.side is Side.FLAT
    for minute in (0, 15):
        time = datetime(2024, 1, 1, 0, minute, tzinfo=UTC)
        closed = engine.on_bar(Bar(time, 100.0, 100.0, 100.0, 100.0, 1.0), Signal.SELL)
        assert closed == ()
    assert engine.side is Side.SHORT
    assert engine.position is not None
    assert engine.equity == pytest.approx(1 - 0.001 - (100 / 99.95 - 1), abs=1e-12)
    assert np.isfinite([engine.position.stop, engine.position.target]).all()
