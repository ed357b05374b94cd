"""A replay is bookkeeping without a view of the future, and makes no money from nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaidan.errors import UsageError
from kaidan.trading.replay import replay
from tests.trading.kit import CLOSE, FREE, LABEL, answers_of, bars_of, random_bars, run, trading

PRICES = ["open", "high", "low", "close"]


def random_answers(n, seed):
    return np.random.default_rng(seed).choice(3, size=n, p=[0.1, 0.8, 0.1])


def momentum_answers(bars):
    moves = np.sign(bars["close"].pct_change(4).fillna(0.0).to_numpy())
    return (moves + 1).astype(np.int64)


def test_who_always_holds_has_what_he_had():
    done = run([100, 120, 80, 100], "----")
    assert list(done.equity) == [1, 1, 1, 1]
    assert done.trades == ()


def test_equity_is_the_product_of_the_trades():
    bars = random_bars(600, seed=1)
    done = replay(bars, random_answers(600, seed=2), trading(), LABEL)
    assert len(done.trades) > 50
    product = np.prod([1 + trade.net_return for trade in done.trades])
    assert done.equity[-1] == pytest.approx(product, abs=1e-12)


def test_the_last_equity_is_settled():
    done = run([100, 100, 101], "B", taker_fee_share=0.001)
    assert done.equity[1] == pytest.approx(0.999, abs=1e-12)
    assert done.equity[-1] == 1 + done.trades[-1].net_return
    assert done.equity[-1] == pytest.approx(1.01 - 0.001 * 2.01, abs=1e-12)


def test_what_a_trade_earned_and_what_it_cost_make_up_what_the_price_moved():
    bars = random_bars(2000, seed=3)
    trades = replay(bars, random_answers(2000, seed=4), trading(**CLOSE), LABEL).trades
    assert {trade.reason for trade in trades} >= {"stop", "target", "time_out", "turn"}
    for trade in trades:
        slippage = 0.0 if trade.reason == "target" else 0.0005
        entry = trade.entry_price / (1 + trade.side * 0.0005)
        moved = trade.exit_price / (1 - trade.side * slippage) - entry
        gross = trade.side * moved / trade.entry_price
        assert trade.net_return + trade.costs == pytest.approx(gross, abs=1e-12)


def test_equity_is_marked_to_each_close():
    done = run([100, (100, 101, 100, 101), (101, 102, 101, 102), 102], "B")
    assert done.equity == pytest.approx([1, 1.01, 1.02, 1.02], abs=1e-12)


def test_a_replay_gets_no_more_than_the_volume_allows():
    rows = [(100, 100, 100, 100, 40.0)] * 2 + [(101, 101, 101, 101, 25.0)] * 6
    (trade,) = run(rows, "B", initial_equity_quote=1000.0, max_volume_share=0.1).trades
    assert trade.reason == "time_out"
    assert trade.exit_time.minute == 15
    assert trade.net_return == pytest.approx(4 * 1 / 1000, abs=1e-12)
    assert trade.traded == pytest.approx(4 * 201 / 1000, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    cut=st.integers(0, 78),
    factor=st.floats(0.2, 5.0),
    noise=st.floats(0.0, 0.1),
)
def test_nothing_up_to_a_bar_moves_when_every_later_bar_does(seed, cut, factor, noise):
    n = 80
    rng = np.random.default_rng(seed)
    bars = random_bars(n, seed)
    bars.loc[rng.random(n) < 0.1, "volume"] = 0.0
    answers = rng.choice(3, size=n)
    tradable = rng.random(n) < 0.9
    tradable[0] = True
    changed = bars.copy()
    later = slice(cut + 1, None)
    shape = (n - cut - 1, 1)
    changed.iloc[later, :4] = bars.iloc[later, :4] * factor * np.exp(rng.normal(0, noise, shape))
    changed.iloc[later, 4] = rng.choice([0.0, 1.0], size=n - cut - 1)
    other_answers, other_mask = answers.copy(), tradable.copy()
    other_answers[later] = rng.choice(3, size=n - cut - 1)
    other_mask[later] = rng.random(n - cut - 1) < 0.5

    one = replay(bars, answers, trading(**CLOSE), LABEL, tradable=tradable)
    two = replay(changed, other_answers, trading(**CLOSE), LABEL, tradable=other_mask)
    assert list(one.equity[: cut + 1]) == list(two.equity[: cut + 1])
    assert list(one.position[: cut + 1]) == list(two.position[: cut + 1])
    closed = [[t for t in r.trades if t.exit_time <= bars.index[cut]] for r in (one, two)]
    assert closed[0] == closed[1]


def test_a_cut_history_gives_the_beginning_of_the_whole():
    bars, answers = random_bars(300, seed=5), random_answers(300, seed=6)
    whole = replay(bars, answers, trading(), LABEL)
    part = replay(bars.iloc[:200], answers[:200], trading(), LABEL)
    assert list(part.equity[:-1]) == list(whole.equity[:199])


@pytest.mark.parametrize("kind", ["random", "momentum"])
def test_random_walks_earn_nothing_before_costs_and_lose_after(kind):
    before, after = [], []
    for seed in range(1000, 1020):
        bars = random_bars(1000, seed)
        answers = random_answers(1000, seed + 1000) if kind == "random" else momentum_answers(bars)
        before.append(replay(bars, answers, trading(**FREE, **CLOSE), LABEL).equity[-1] - 1)
        after.append(replay(bars, answers, trading(**CLOSE), LABEL).equity[-1] - 1)
    error = np.std(before, ddof=1) / np.sqrt(20)
    assert abs(np.mean(before)) < 3 * error
    assert error < 0.03
    assert max(after) < 0


def test_knowing_the_next_bars_would_earn_a_lot():
    bars = random_bars(1000, seed=7)
    later = bars["close"].shift(-3) / bars["close"] - 1
    answers = np.select([later < -0.003, later > 0.003], [0, 2], default=1)
    assert replay(bars, answers, trading(**FREE), LABEL).equity[-1] > 2


def test_gaps_of_a_real_yen_market_are_traded_around(yen_bars):
    bars = yen_bars.set_index("timestamp")
    done = replay(bars, random_answers(len(bars), seed=8), trading(), LABEL)
    by_time = bars["open"].to_dict()
    assert len(done.trades) > 500
    for trade in done.trades:
        assert trade.entry_price == pytest.approx(
            by_time[trade.entry_time] * (1 + trade.side * 0.0005), abs=1e-6
        )


@pytest.mark.parametrize(
    ("answers", "mask", "said"),
    [
        (np.ones(2, int), None, r"answers of shape \(2,\), want \(3,\)"),
        (np.array([1, 3, -1]), None, r"answers \[-1, 3\], want 0, 1 and 2"),
        (np.ones(3, int), np.ones(2, bool), r"3 bars and a mask of shape \(2,\)"),
        (np.ones(3, int), np.zeros(3, bool), "0 tradable"),
    ],
)
def test_what_does_not_fit_the_bars_is_refused_in_one_line(answers, mask, said):
    with pytest.raises(UsageError, match=said) as refused:
        replay(bars_of([100, 100, 100]), answers, trading(), LABEL, tradable=mask)
    assert "\n" not in str(refused.value)


def test_no_bars_are_refused():
    with pytest.raises(UsageError, match="0 bars"):
        replay(bars_of([100]).iloc[:0], answers_of(""), trading(), LABEL)
