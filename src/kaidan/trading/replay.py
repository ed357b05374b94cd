"""A history of bars and answers, told to the engine one bar at a time."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaidan.errors import UsageError
from kaidan.market.bar import each_bar
from kaidan.settings import LabelSettings
from kaidan.signal import Signal
from kaidan.trading.engine import Engine
from kaidan.trading.position import Trade
from kaidan.trading_settings import TradingSettings

_SIGNALS = {int(signal): signal for signal in Signal}


@dataclass(frozen=True)
class Replay:
    """What a stream of answers earned, after costs.

    Attributes
    ----------
    times : DatetimeIndex of shape (n_bars,), UTC
        Bar open times.
    equity : float array of shape (n_bars,)
        Marked to each close; 1 before the first bar. The last one is settled.
    position : int array of shape (n_bars,)
        Side held into each close: -1, 0 or 1.
    tradable : bool array of shape (n_bars,)
        Bars on which a position could be held; the others are no part of the verdict.
    trades : tuple of Trade
        In order of their exits.
    """

    times: pd.DatetimeIndex
    equity: NDArray[np.float64]
    position: NDArray[np.int64]
    tradable: NDArray[np.bool_]
    trades: tuple[Trade, ...]


def replay(
    bars: pd.DataFrame,
    answers: NDArray[np.int64],
    settings: TradingSettings,
    label: LabelSettings,
    *,
    tradable: NDArray[np.bool_] | None = None,
) -> Replay:
    """Trade `answers`, each given at the close of its bar and acted on at the next open.

    Parameters
    ----------
    bars : DataFrame of shape (n_bars, 5)
        Checked bars.
    answers : int array of shape (n_bars,)
        Signal values; HOLD where there is no opinion.
    settings : TradingSettings
    label : LabelSettings
        What the answers foresee.
    tradable : bool array of shape (n_bars,), optional
        False masks a bar that the model has learnt from: nothing is held on it and its answer is
        not heard. Default: all.

    Raises
    ------
    UsageError
        Answers or mask are not one a bar, no bar is tradable, or an answer is no Signal.
    """
    mask = checked_mask(bars, tradable)
    if answers.shape != mask.shape:
        raise UsageError(
            f"replay: got answers of shape {answers.shape}, want {mask.shape}: "
            "pass one a bar, HOLD where there is no opinion"
        )
    strange = set(np.unique(answers).tolist()) - _SIGNALS.keys()
    if strange:
        raise UsageError(
            f"replay: got answers {sorted(strange)}, want 0, 1 and 2: pass Signal values"
        )
    engine = Engine(settings, label)
    equity: list[float] = []
    position: list[int] = []
    trades: list[Trade] = []
    for bar, answer, open_to_trade in zip(
        each_bar(bars), answers.tolist(), mask.tolist(), strict=True
    ):
        trades += engine.on_bar(bar, _SIGNALS[answer], tradable=open_to_trade)
        equity.append(engine.equity)
        position.append(engine.side)
    trades += engine.close_out(bar)
    equity[-1] = engine.equity
    return Replay(
        times=pd.DatetimeIndex(bars.index),
        equity=np.array(equity),
        position=np.array(position, dtype=np.int64),
        tradable=mask,
        trades=tuple(trades),
    )


def checked_mask(bars: pd.DataFrame, tradable: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    """Mask of shape (n_bars,), all True by default.

    Raises
    ------
    UsageError
        It is not one a bar, or no bar is tradable.
    """
    mask = np.ones(len(bars), dtype=np.bool_) if tradable is None else tradable
    if mask.shape != (len(bars),) or not mask.any():
        raise UsageError(
            f"replay: got {len(bars)} bars and a mask of shape {mask.shape} with "
            f"{int(mask.sum())} tradable: pass one value a bar, and at least one tradable bar"
        )
    return mask
