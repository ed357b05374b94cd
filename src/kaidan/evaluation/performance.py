"""What a replay was worth, in numbers that stay honest when there is little to judge."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaidan.evaluation.bootstrap import Interval
from kaidan.evaluation.sharpe import DAYS_A_YEAR, annual_sharpe, deflated_sharpe
from kaidan.market.bar import BARS_PER_DAY
from kaidan.trading.replay import Replay


@dataclass(frozen=True)
class Performance:
    """A replay in numbers, after costs; only tradable bars and days with any are counted.

    Attributes
    ----------
    n_trades, n_days, n_tried : int
        The last is what the ratio was deflated for.
    total_return : float, share of the starting equity
    sharpe : Interval
        Annualised, of daily returns, with its 95 % interval; 0 where they do not vary.
    deflated_sharpe : float in [0, 1]
        See `kaidan.evaluation.sharpe.deflated_sharpe`.
    max_drawdown : float in [0, 1]
        Largest loss from a peak of the equity at bar closes.
    hit_rate : float or None
        Share of trades that earned something after costs; None without a trade.
    turnover_per_year : float
        Notional traded over equity.
    exposure : float in [0, 1]
        Share of bars with a position held into their close.
    costs_paid : float, share of the starting equity
        Fees and slippage.
    """

    n_trades: int
    n_days: int
    n_tried: int
    total_return: float
    sharpe: Interval
    deflated_sharpe: float
    max_drawdown: float
    hit_rate: float | None
    turnover_per_year: float
    exposure: float
    costs_paid: float

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as plain JSON values."""
        return asdict(self)

    def to_metrics(self, prefix: str) -> dict[str, float]:
        """Flat metric names for MLflow: `prefix.sharpe`, `prefix.sharpe.low`, ...

        A hit rate that does not exist is left out.
        """
        metrics = self.sharpe.to_metrics(f"{prefix}.sharpe")
        for name, value in vars(self).items():
            if name != "sharpe" and value is not None:
                metrics[f"{prefix}.{name}"] = float(value)
        return metrics


def judge_replay(replay: Replay, *, n_tried: int) -> Performance:
    """Put a replay into numbers.

    Parameters
    ----------
    replay : Replay
    n_tried : int, at least 1
        Variants from which the replayed one was chosen, itself included.
    """
    daily = daily_returns(replay)
    trades = replay.trades
    net = np.array([trade.net_return for trade in trades])
    at_entry = np.concatenate([[1.0], np.cumprod(1.0 + net)])[:-1]
    costs = np.array([trade.costs for trade in trades])
    n_bars = int(replay.tradable.sum())
    years = n_bars / (BARS_PER_DAY * DAYS_A_YEAR)
    return Performance(
        n_trades=len(trades),
        n_days=len(daily),
        n_tried=n_tried,
        total_return=float(replay.equity[-1] - 1.0),
        sharpe=annual_sharpe(daily),
        deflated_sharpe=deflated_sharpe(daily, n_tried=n_tried),
        max_drawdown=float(drawdown(replay.equity).max()),
        hit_rate=float((net > 0).mean()) if trades else None,
        turnover_per_year=sum(trade.traded for trade in trades) / years,
        exposure=float((replay.position[replay.tradable] != 0).mean()),
        costs_paid=float(costs @ at_entry),
    )


def daily_returns(replay: Replay) -> NDArray[np.float64]:
    """Simple returns of the equity by UTC day, for days with a tradable bar.

    Returns
    -------
    float array of shape (n_days,)
        The first and the last day may be short; after ruin the returns are 0.
    """
    days = pd.DatetimeIndex(replay.times.floor("D"))
    last = np.flatnonzero(np.append(days[1:] != days[:-1], True))
    ends = replay.equity[last]
    starts = np.concatenate([[1.0], ends[:-1]])
    returns = np.zeros(len(ends))
    np.divide(ends - starts, starts, out=returns, where=starts > 0)
    return returns[days[last].isin(days[replay.tradable])]


def drawdown(equity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Loss from the highest equity so far (1 at the start), as a share of it, (n_bars,)."""
    return np.asarray(1.0 - equity / np.maximum(np.maximum.accumulate(equity), 1.0))
