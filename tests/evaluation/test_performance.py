"""A replay in numbers, against sums by hand."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from kaidan.evaluation.bootstrap import Interval
from kaidan.evaluation.performance import daily_returns, drawdown, judge_replay
from kaidan.trading.contenders import buy_and_hold
from kaidan.trading.replay import Replay, replay
from tests.trading.kit import LABEL, bars_of, random_bars, run, trading

NOTHING = {
    "n_trades": 0,
    "n_days": 2,
    "n_tried": 1,
    "total_return": 0.0,
    "sharpe": {"estimate": 0.0, "low": 0.0, "high": 0.0},
    "deflated_sharpe": 0.5,
    "max_drawdown": 0.0,
    "hit_rate": None,
    "turnover_per_year": 0.0,
    "exposure": 0.0,
    "costs_paid": 0.0,
}


def flat_replay(equity, times, tradable=None):
    n = len(equity)
    mask = np.ones(n, dtype=bool) if tradable is None else np.array(tradable)
    return Replay(pd.DatetimeIndex(times), np.array(equity), np.zeros(n, dtype=np.int64), mask, ())


def test_without_a_trade_every_number_is_defined():
    found = judge_replay(run([100.0] * 192, "-"), n_tried=1)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False)) == NOTHING


def test_metrics_are_finite_and_leave_out_what_does_not_exist():
    metrics = judge_replay(run([100.0] * 192, "-"), n_tried=7).to_metrics("replay")
    assert "replay.hit_rate" not in metrics
    assert {"replay.sharpe", "replay.sharpe.low", "replay.sharpe.high"} <= set(metrics)
    assert all(math.isfinite(value) for value in metrics.values())
    assert len(metrics) == len(NOTHING) + 2 - 1


def test_trades_are_counted_and_summed():
    done = run(
        [100, 100, 110, (100, 100, 100, 100), 95, 95],
        "B-B",
        target_in_label_thresholds=8.0,
        stop_in_label_thresholds=3.0,
        taker_fee_share=0.01,
    )
    one, two = done.trades
    assert [str(trade.reason) for trade in done.trades] == ["target", "stop"]
    found = judge_replay(done, n_tried=1)
    assert found.n_trades == 2
    assert found.hit_rate == 0.5
    assert found.total_return == pytest.approx((1 + one.net_return) * (1 + two.net_return) - 1)
    assert found.costs_paid == pytest.approx(one.costs + two.costs * (1 + one.net_return))
    years = 6 / (96 * 365)
    assert found.turnover_per_year == pytest.approx((one.traded + two.traded) / years)
    assert found.exposure == pytest.approx(2 / 6)


def test_days_are_those_of_the_clock_and_the_first_begins_at_one():
    times = pd.to_datetime(
        ["2024-01-01 22:00", "2024-01-01 23:45", "2024-01-02 00:00", "2024-01-04 05:00"], utc=True
    )
    found = daily_returns(flat_replay([1.05, 1.1, 1.21, 2.42], times))
    assert found == pytest.approx([0.1, 0.1, 1.0])


def test_days_that_are_masked_throughout_are_not_judged():
    times = pd.date_range("2024-01-01", periods=4, freq="12h", tz="UTC")
    found = daily_returns(flat_replay([1, 1, 1.1, 1.2], times, [False, False, False, True]))
    assert found == pytest.approx([0.2])


def test_exposure_and_turnover_are_shares_of_the_tradable_bars():
    rows, answers = [100.0] * 96, "--B"
    masked = run(rows, answers, masked="xx" + "-" * 46 + "x" * 48)
    alone = run(rows[:46], answers[2:])
    one, two = (judge_replay(done, n_tried=1) for done in (masked, alone))
    assert one.exposure == two.exposure == pytest.approx(3 / 46)
    assert one.turnover_per_year == pytest.approx(two.turnover_per_year)


def test_a_drawdown_is_measured_from_the_peak_and_the_start_is_one():
    assert drawdown(np.array([0.9, 1.2, 0.6, 1.2])) == pytest.approx([0.1, 0, 0.5, 0])


def test_ruin_is_a_loss_of_everything_and_no_warning():
    rows = [100.0] * 60 + [300.0] * 140
    found = judge_replay(run(rows, "-" * 58 + "S"), n_tried=1)
    assert found.total_return == -1
    assert found.max_drawdown == 1
    assert math.isfinite(found.sharpe.low)


def test_buy_and_hold_of_a_rising_market_is_a_hit():
    bars = bars_of(list(np.linspace(100, 200, 960)))
    found = judge_replay(buy_and_hold(bars, trading()), n_tried=1)
    assert (found.n_trades, found.hit_rate, found.exposure) == (1, 1.0, 1.0)
    assert found.total_return == pytest.approx(1, abs=0.01)
    assert found.sharpe.low > 0


def test_chance_on_a_random_walk_is_not_believed():
    bars = random_bars(96 * 40, seed=11)
    answers = np.random.default_rng(12).choice(3, size=len(bars), p=[0.05, 0.9, 0.05])
    found = judge_replay(replay(bars, answers, trading(), LABEL), n_tried=20)
    assert isinstance(found.sharpe, Interval)
    assert found.sharpe.high < 0
    assert found.deflated_sharpe < 0.01
