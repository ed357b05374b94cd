"""What a trader could have done without a model, on the same bars and at the same costs."""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaidan.settings import LabelSettings
from kaidan.signal import Signal
from kaidan.trading.bar import each_bar
from kaidan.trading.policy import Side
from kaidan.trading.position import ExitReason, enter
from kaidan.trading.replay import Replay, checked_mask, replay
from kaidan.trading_settings import TradingSettings

_STRATEGY = "strategy_signal_"


def contenders(
    bars: pd.DataFrame,
    features: pd.DataFrame,
    settings: TradingSettings,
    label: LabelSettings,
    *,
    tradable: NDArray[np.bool_] | None = None,
) -> dict[str, Replay]:
    """Replay `buy_and_hold`, `always_HOLD` and each strategy of `features` on its own.

    Parameters
    ----------
    bars : DataFrame of shape (n_bars, 5)
        Checked bars.
    features : DataFrame with any `strategy_signal_*` columns
        Joined by time; a bar without a row has no opinion.
    settings, label, tradable
        As for `replay`.
    """
    by_name = {"always_HOLD": np.full(len(bars), int(Signal.HOLD))}
    for column in features.columns[features.columns.str.startswith(_STRATEGY)]:
        by_name[column.removeprefix(_STRATEGY)] = opinions(
            features[column].reindex(bars.index).to_numpy(dtype=np.float64),
            settings.min_strategy_confidence,
        )
    found = {"buy_and_hold": buy_and_hold(bars, settings, tradable=tradable)}
    for name, answers in by_name.items():
        found[name] = replay(bars, answers, settings, label, tradable=tradable)
    return found


def opinions(signal: NDArray[np.float64], min_confidence: float) -> NDArray[np.int64]:
    """Answers (Signal values) of a strategy signal in [-1, 1]; HOLD below `min_confidence`.

    NaN, a signal that is still warming up, is HOLD.
    """
    return np.select(
        [signal >= min_confidence, signal <= -min_confidence],
        [int(Signal.BUY), int(Signal.SELL)],
        default=int(Signal.HOLD),
    )


def buy_and_hold(
    bars: pd.DataFrame,
    settings: TradingSettings,
    *,
    tradable: NDArray[np.bool_] | None = None,
) -> Replay:
    """Buy at the open of the first tradable bar, sell at the close of the last, hold between.

    Returns
    -------
    Replay
        With one trade, or none where no tradable bar was traded on.
    """
    mask = checked_mask(bars, tradable)
    equity = np.ones(len(bars))
    position = np.zeros(len(bars), dtype=np.int64)
    times = pd.DatetimeIndex(bars.index)
    open_rows = np.flatnonzero(mask & (bars["volume"] > 0).to_numpy())
    if not len(open_rows):
        return Replay(times, equity, position, mask, ())
    first, last = int(open_rows[0]), int(open_rows[-1])
    (bought,) = each_bar(bars.iloc[[first]])
    (sold,) = each_bar(bars.iloc[[last]])
    held = enter(Side.LONG, bought, settings, threshold_return=math.inf)
    trade = held.leave(sold.time, sold.close, ExitReason.END)
    closes = bars["close"].to_numpy(dtype=np.float64)
    equity[first:last] = [held.growth(close) for close in closes[first:last].tolist()]
    equity[last:] = 1.0 + trade.net_return
    position[first : last + 1] = int(Side.LONG)
    return Replay(times, equity, position, mask, (trade,))
