"""What the broker says it has is what its fills, booked one by one, come to."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaidan.trading.paper import PaperBroker
from tests.trading.chance import Chance
from tests.trading.kit import trading


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_cash_and_holdings_of_all_fills_are_the_equity_at_each_close(seed):
    chance = Chance(seed)
    limits = trading(initial_equity_quote=1000.0, max_volume_share=0.1)
    broker = PaperBroker(limits)
    cash, held, costs, fees = 1000.0, 0.0, 0.0, 0.0
    trades = []
    for row, bar in enumerate(chance.bars):
        told = chance.lead(broker, row)
        for fill in told.fills:
            cash -= fill.side * fill.quantity * fill.price + fill.fee_quote
            held += fill.side * fill.quantity
            fees += fill.fee_quote
            costs += fill.fee_quote + fill.slippage_quote
        for side in (-1, 1):
            together = sum(fill.quantity for fill in told.fills if fill.side == side)
            assert together <= 0.1 * bar.volume * (1 + 1e-9)
        trades += told.trades
        account = broker.account
        assert account.equity_quote == pytest.approx(cash + held * bar.close, rel=1e-9)
        assert account.quantity * account.side == pytest.approx(held, abs=1e-9)
        assert account.position_share <= 1.02
    broker.close_out(bar)
    assert (account.n_fills > 0) == (fees > 0)
    equity = 1.0
    for trade in trades:
        equity *= 1 + trade.net_return
    if account.quantity == 0:
        assert account.equity_share == pytest.approx(equity, rel=1e-9)
        assert len(trades) == account.n_trades


def test_chance_reaches_every_kind_of_fill():
    fills = []
    for seed in range(20):
        chance = Chance(seed)
        broker = PaperBroker(trading(initial_equity_quote=1000.0, max_volume_share=0.1))
        for row in range(len(chance.bars)):
            fills += chance.lead(broker, row).fills
    kinds = {(fill.reason, fill.partial) for fill in fills}
    reasons = ["entry", "stop", "target", "turn", "time_out", "masked"]
    assert kinds == {(reason, partial) for reason in reasons for partial in (False, True)}
