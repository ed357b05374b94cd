"""Features, ladder and engine together: nothing up to a bar depends on anything after it."""

import numpy as np
import pandas as pd
import pytest

from kaidan.bot.backtest import LADDER
from kaidan.bot.frozen import backtest_frozen
from kaidan.bot.learnt import Learnt
from kaidan.evaluation.probes import probe_features
from kaidan.market.bar import each_bar
from kaidan.signal import Signal
from kaidan.trading.engine import Engine

LONG_AGO = (Learnt(3, 1, None, pd.Timestamp("2000-01-01", tz="UTC")),)
# Of 576 answered bars, counted from the end. -2: the last bar of what is left is cut at. The
# sample ends at 24:00, so -69 closes at 07:00, when the Nikkei becomes known, and -70 just before.
CUTS = (-2, -69, -70, -200, -500)


@pytest.fixture(scope="module")
def path(ladder, settings):
    """From bars and macro to what is answered, ordered and held at each bar."""

    def told(bars: pd.DataFrame, macro: pd.DataFrame | None) -> pd.DataFrame:
        done = backtest_frozen(bars, macro, ladder, LONG_AGO, settings, n_tried=1).done
        engine = Engine(settings.bot.trading, settings.training.label)
        n_closed, rows = 0, []
        span = bars.loc[done.times]
        for bar, name in zip(each_bar(span), done.answers["signal"], strict=True):
            n_closed += len(engine.on_bar(bar, Signal[name]))
            held = engine.position
            stop, target = (held.stop, held.target) if held else (0.0, 0.0)
            rows.append((Signal[name], engine.equity, engine.side, n_closed, stop, target))
        names = ["signal", "equity", "side", "n_closed", "stop", "target"]
        orders = pd.DataFrame(rows, index=span.index, columns=names, dtype=np.float64)
        # The replay is the same, but for its last bar, at which it settles the account.
        assert orders["equity"].iloc[:-1].tolist() == done.replays[LADDER].equity[:-1].tolist()
        # A batch of another length is rounded differently in its last binary digit. The probe
        # wants 1e-9 of a value's size: on top of 1000, a probability must agree to 1e-6.
        answers = done.answers[["confidence", "p_sell", "p_hold", "p_buy"]] + 1000.0
        return orders.join(answers).assign(level=done.answers["level"].astype("float64"))

    return told


def test_no_answer_order_or_equity_knows_what_comes_after_its_bar(path, bars, macro):
    cuts = [len(bars) + cut for cut in CUTS]
    assert probe_features(path, bars, macro, cuts=cuts, seed=1) == ()


def test_something_was_at_stake(path, bars, macro):
    told = path(bars, macro)
    assert told["n_closed"].iloc[-1] > 1
    assert set(told["signal"]) > {float(Signal.HOLD)}
    assert set(told["level"]) == {1.0}


def test_at_the_last_bar_macro_values_that_are_not_known_yet_do_not_count(path, bars, macro):
    known = macro.loc[: bars.index[-1].tz_localize(None).normalize()]
    later = pd.concat([known, known.iloc[-3:].mul(0.9).set_axis(_days_after(known, 3))])
    pd.testing.assert_frame_equal(path(bars, known), path(bars, later))


def test_an_answer_that_peeks_at_the_next_bar_is_caught(path, bars, macro):
    def peeking(some: pd.DataFrame, series: pd.DataFrame | None) -> pd.DataFrame:
        return path(some, series)[["p_buy"]].shift(-1)

    leaks = probe_features(peeking, bars, macro, cuts=[len(bars) - 200], seed=1)
    assert {leak.feature for leak in leaks} == {"p_buy"}


def _days_after(macro: pd.DataFrame, n: int) -> pd.DatetimeIndex:
    days = pd.date_range(macro.index[-1], periods=n + 1, freq="D", name=macro.index.name)[1:]
    return days.as_unit(pd.DatetimeIndex(macro.index).unit)
