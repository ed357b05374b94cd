"""The bot's own decisions over past bars, from answers that were computed all at once.

Tick by tick or so, every bar is decided alike: the same desk hears the same rows.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaidan.bot.desk import Dealt, Desk
from kaidan.bot.risk.context import INPUTS
from kaidan.market.bar import each_bar
from kaidan.serving.dummy import DummyModel
from kaidan.serving.prediction import Prediction, Probabilities
from kaidan.settings import Settings
from kaidan.signal import Signal
from kaidan.trading.paper import PaperBroker
from kaidan.trading.position import Trade
from kaidan.trading.replay import Replay, checked_mask


def deal(
    bars: pd.DataFrame,
    features: pd.DataFrame,
    answers: pd.DataFrame,
    desk: Desk,
    *,
    whole: pd.Series,
    tradable: NDArray[np.bool_],
) -> Iterator[Dealt]:
    """Let a desk trade answers, one bar after the other.

    Parameters
    ----------
    bars : DataFrame of shape (n_bars, 5)
        Checked bars.
    features : DataFrame
        With the columns that risk reads, on the index of `bars` or more.
    answers : DataFrame
        As `Ladder.predict_frame` gives them; a bar without one is answered by the dummy.
    desk : Desk
    whole : Series of int
        `bars_since_gap` of the whole history, on the index of `bars` or more.
    tradable : bool array of shape (n_bars,)
        See `replay`.
    """
    rows = features[list(INPUTS)].reindex(bars.index).to_dict("records")
    said = _predictions(answers.reindex(bars.index))
    runs = whole.reindex(bars.index).tolist()
    for bar, row, prediction, n_whole, may in zip(
        each_bar(bars), rows, said, runs, tradable.tolist(), strict=True
    ):
        yield desk.on_bar(
            bar,
            {str(name): float(value) for name, value in row.items()},
            prediction,
            bars_since_gap=n_whole,
            tradable=may,
        )


def replay_bot(
    bars: pd.DataFrame,
    features: pd.DataFrame,
    answers: pd.DataFrame,
    settings: Settings,
    *,
    whole: pd.Series,
    tradable: NDArray[np.bool_] | None = None,
) -> Replay:
    """Trade answers as the bot would, through its risk manager.

    Parameters
    ----------
    bars, features, answers, whole, tradable
        As for `deal`; `tradable` is everything by default.
    settings : Settings
    """
    mask = checked_mask(bars, tradable)
    broker = PaperBroker(settings.bot.trading)
    desk = Desk(settings, broker)
    equity: list[float] = []
    position: list[int] = []
    trades: list[Trade] = []
    for dealt in deal(bars, features, answers, desk, whole=whole, tradable=mask):
        trades += dealt.executed.trades
        equity.append(dealt.account.equity_share)
        position.append(dealt.account.side)
    *_, last = each_bar(bars.iloc[[-1]])
    trades += broker.close_out(last).trades
    equity[-1] = broker.equity_share
    return Replay(
        times=pd.DatetimeIndex(bars.index),
        equity=np.array(equity),
        position=np.array(position, dtype=np.int64),
        tradable=mask,
        trades=tuple(trades),
    )


def _predictions(answers: pd.DataFrame) -> Iterator[Prediction]:
    nobody = DummyModel().predict()
    columns = ("signal", "confidence", "p_sell", "p_hold", "p_buy")
    levels = answers["level"].astype("Int64").fillna(0).tolist()
    for level, (signal, confidence, *chances) in zip(
        levels, zip(*(answers[name].tolist() for name in columns), strict=True), strict=True
    ):
        if level:
            yield Prediction(Signal[signal], confidence, Probabilities(*chances), level)
        else:
            yield nobody
