"""What a trader could have done without a model, on the same bars and at the same costs."""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaidan.market.bar import each_bar
from kaidan.settings import LabelSettings
from kaidan.signal import Signal
from kaidan.trading.policy import Side
from kaidan.trading.position import ExitReason, Trade, enter
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
    """Buy at the beginning of each run of tradable bars, sell at its end, hold between.

    Who held through masked bars as well would be paid for weeks in which the rest may not trade.
    No volume limits it: who holds for years need not buy within one bar.

    Returns
    -------
    Replay
        With one trade a run that anybody traded in, each of which pays its costs.
    """
    mask = checked_mask(bars, tradable)
    equity = np.ones(len(bars))
    position = np.zeros(len(bars), dtype=np.int64)
    trades: list[Trade] = []
    settled = 1.0
    starts = np.flatnonzero(np.diff(mask, prepend=not mask[0]))
    for start, end in zip(starts, [*starts[1:], len(bars)], strict=True):
        equity[start:end] = settled
        if mask[start]:
            growth, held, run_trades = _one_run(bars.iloc[start:end], settings)
            equity[start:end] *= growth
            position[start:end] = held
            trades += run_trades
            settled = float(equity[end - 1])
    return Replay(pd.DatetimeIndex(bars.index), equity, position, mask, tuple(trades))


def _one_run(
    bars: pd.DataFrame, settings: TradingSettings
) -> tuple[NDArray[np.float64], NDArray[np.int64], list[Trade]]:
    """Growth and side at each close, and the trade, from the first open to the last close."""
    growth = np.ones(len(bars))
    position = np.zeros(len(bars), dtype=np.int64)
    open_rows = np.flatnonzero((bars["volume"] > 0).to_numpy())
    if not len(open_rows):
        return growth, position, []
    first, last = int(open_rows[0]), int(open_rows[-1])
    (bought,) = each_bar(bars.iloc[[first]])
    (sold,) = each_bar(bars.iloc[[last]])
    held = enter(
        Side.LONG,
        bought,
        settings,
        share=settings.position_share,
        stop_share=math.inf,
        target_share=math.inf,
    )
    closes = bars["close"].to_numpy(dtype=np.float64)
    growth[first:last] = [held.growth(close) for close in closes[first:last].tolist()]
    held.leave(1.0, sold.close, held.exit_price(sold.close, ExitReason.END))
    trade = held.trade(sold.time, ExitReason.END)
    growth[last:] = 1.0 + trade.net_return
    position[first : last + 1] = int(Side.LONG)
    return growth, position, [trade]
