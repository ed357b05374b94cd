"""What needs no model, at the same costs."""

import numpy as np
import pandas as pd
import pytest

from kaidan.trading.contenders import buy_and_hold, contenders, opinions
from tests.trading.kit import FREE, LABEL, bars_of, trading


def test_buy_and_hold_pays_once_each_way():
    bars = bars_of([(100, 100, 99, 99), 50, (150, 210, 150, 200)])
    done = buy_and_hold(bars, trading())
    bought, sold = 100 * 1.0005, 200 * 0.9995
    (trade,) = done.trades
    assert (trade.entry_price, trade.exit_price) == pytest.approx((bought, sold), abs=1e-12)
    assert done.equity == pytest.approx(
        [
            99 / bought - 0.001,
            50 / bought - 0.001,
            sold / bought - 0.001 * (1 + sold / bought),
        ],
        abs=1e-12,
    )
    assert list(done.position) == [1, 1, 1]


def test_buy_and_hold_begins_and_ends_where_bars_are_tradable():
    bars = bars_of([10, (20, 20, 20, 20, 0), 40, 80, 160])
    done = buy_and_hold(
        bars,
        trading(taker_fee_share=0.0, slippage_share=0.0),
        tradable=np.array([False, True, True, True, False]),
    )
    assert list(done.equity) == [1, 1, 1, 2, 2]
    assert list(done.position) == [0, 0, 1, 1, 0]


def test_where_nobody_traded_nothing_is_bought():
    done = buy_and_hold(bars_of([(10, 10, 10, 10, 0)]), trading())
    assert done.trades == ()
    assert list(done.equity) == [1]


def test_an_opinion_counts_from_its_threshold_on():
    signal = np.array([0.5, 0.49, -0.5, -0.49, 0.0, np.nan])
    assert list(opinions(signal, 0.5)) == [2, 1, 0, 1, 1, 1]


def test_each_strategy_trades_alone_on_the_rows_that_it_has():
    bars = bars_of([100, 100, 101, 101, 101])
    features = pd.DataFrame(
        {"close": 1.0, "strategy_signal_A": [0.9, 0.0], "strategy_signal_B": [0.1, -0.9]},
        index=bars.index[[1, 2]],
    )
    found = contenders(bars, features, trading(), LABEL)
    assert list(found) == ["buy_and_hold", "always_HOLD", "A", "B"]
    assert found["always_HOLD"].trades == ()
    assert [(t.side.name, t.entry_time) for t in found["A"].trades] == [("LONG", bars.index[2])]
    assert [(t.side.name, t.entry_time) for t in found["B"].trades] == [("SHORT", bars.index[3])]


def test_a_mask_holds_for_every_contender():
    bars = bars_of([100, 100, 101, 101, 101])
    features = pd.DataFrame({"strategy_signal_A": 0.9}, index=bars.index)
    tradable = np.array([False, False, True, True, True])
    for found in contenders(bars, features, trading(), LABEL, tradable=tradable).values():
        assert not found.position[:2].any()


def test_buy_and_hold_earns_nothing_on_masked_bars():
    bars = bars_of([10, 20, 200, 400, 800, 1600])
    mask = np.array([True, True, False, False, True, True])
    done = buy_and_hold(bars, trading(**FREE), tradable=mask)
    assert list(done.equity) == [1, 2, 2, 2, 2, 4]
    assert list(done.position) == [1, 1, 0, 0, 1, 1]
    assert len(done.trades) == 2


def test_buy_and_hold_pays_the_costs_of_each_run():
    bars = bars_of([10] * 5)
    mask = np.array([False, True, False, True, False])
    done = buy_and_hold(bars, trading(), tradable=mask)
    once = 1 + done.trades[0].net_return
    assert once < 1
    assert done.equity == pytest.approx([1, once, once, once**2, once**2])
