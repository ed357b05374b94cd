"""The ladder and whoever needs no model, on the same bars."""

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

from kaidan.bot.backtest import BOT, LADDER, backtest
from kaidan.bot.frozen import backtest_frozen
from kaidan.bot.learnt import Learnt
from kaidan.errors import DataError
from kaidan.serving.ladder import Ladder
from kaidan.trading.position import Trade


@pytest.fixture(scope="module")
def answers(ladder, features) -> pd.DataFrame:
    return ladder.predict_frame(features)


@pytest.fixture(scope="module")
def done(bars, features, answers, settings):
    return backtest(bars, features, answers, settings, n_tried=4)


def test_every_contender_is_judged_on_the_same_bars(bars, features, answers, settings):
    kept = pd.concat([answers.iloc[10:200], answers.iloc[350:500]])
    done = backtest(bars, features, kept, settings, n_tried=1)
    assert list(done.replays)[:4] == [LADDER, BOT, "buy_and_hold", "always_HOLD"]
    assert len(done.replays) == 9
    for replay in done.replays.values():
        assert list(replay.times[replay.tradable]) == list(kept.index)
        assert (replay.times[0], replay.times[-1]) == (kept.index[0], kept.index[-1])
        assert not replay.position[~replay.tradable].any()
    assert done.replays["buy_and_hold"].position[done.replays[LADDER].tradable].all()


def test_the_answers_are_what_is_traded(done, bars, features, answers, settings):
    flipped = answers.assign(signal=answers["signal"].replace({"BUY": "SELL", "SELL": "BUY"}))
    assert set(answers["signal"]) > {"BUY"} or set(answers["signal"]) > {"SELL"}
    other = backtest(bars, features, flipped, settings, n_tried=4)
    first, opposite = done.replays[LADDER].trades[0], other.replays[LADDER].trades[0]
    assert (first.entry_time, first.side) == (opposite.entry_time, -opposite.side)


def test_only_ladder_and_bot_are_deflated_for_what_was_tried(done):
    tried = {name: one.n_tried for name, one in done.performances.items()}
    assert (tried.pop(LADDER), tried.pop(BOT)) == (4, 4)
    assert set(tried.values()) == {1}


def test_who_answered_and_why_others_did_not_is_told(bars, features, ladder, settings):
    blind = features.copy()
    blind.iloc[:144, -8:] = np.nan
    done = backtest(bars, blind, ladder.predict_frame(blind), settings, n_tried=1)
    n = len(features)
    assert done.shares == {"1": pytest.approx(1 - 144 / n), "2": pytest.approx(144 / n)}
    ((reason, count),) = done.reasons.items()
    assert reason.startswith("level 1: not finite: usd_jpy")
    assert count == 144


def test_without_any_level_all_answers_are_the_dummys(bars, features, settings):
    nobody = Ladder({3: "gone"}).predict_frame(features)
    done = backtest(bars, features, nobody, settings, n_tried=1)
    assert done.shares == {"dummy": 1.0}
    assert done.trades().empty
    assert list(done.trades()) == [field.name for field in fields(Trade)]
    assert done.replays[LADDER].equity.tolist() == [1.0] * len(features)


def test_trades_are_a_table_with_names(done):
    trades = done.trades()
    assert list(trades.columns[:3]) == ["side", "entry_time", "entry_price"]
    assert set(trades["side"]) <= {"LONG", "SHORT"}
    assert len(trades) == done.performances[LADDER].n_trades


def test_metrics_name_the_contender(done):
    metrics = done.to_metrics()
    assert metrics["ladder.sharpe.low"] <= metrics["ladder.sharpe"]
    assert metrics["answered_by.1"] == 1.0
    assert {"buy_and_hold.total_return", "MochipoyAlert.max_drawdown"} <= set(metrics)
    assert all(np.isfinite(value) for value in metrics.values())


def test_bars_that_were_learnt_from_are_neither_answered_nor_traded(
    bars, macro, ladder, features, settings
):
    learnt = (Learnt(3, 1, features.index[100], features.index[299]),)
    result = backtest_frozen(bars, macro, ladder, learnt, settings, n_tried=1)
    assert result.n_masked == 200
    assert not learnt[0].covers(pd.DatetimeIndex(result.done.answers.index)).any()
    assert len(result.done.answers) == len(features) - 200


def test_a_history_that_was_all_learnt_from_is_refused(bars, macro, ladder, features, settings):
    learnt = (Learnt(3, 1, None, features.index[-1]),)
    with pytest.raises(DataError, match=r"were learnt from .* use --walk-forward"):
        backtest_frozen(bars, macro, ladder, learnt, settings, n_tried=1)
