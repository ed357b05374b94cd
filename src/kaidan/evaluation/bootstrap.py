"""Intervals for means of bars, which resemble their neighbours: whole blocks are resampled."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval, of 95 % unless said otherwise."""

    estimate: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.estimate:+.4f} [{self.low:+.4f}, {self.high:+.4f}]"

    def to_metrics(self, name: str) -> dict[str, float]:
        """Flat metric names for MLflow: the estimate and both ends."""
        return {name: self.estimate, f"{name}.low": self.low, f"{name}.high": self.high}


def block_bootstrap(
    values: NDArray[np.float64],
    *,
    block: int = 96,
    n_resamples: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """Percentile interval of a mean, by the circular block bootstrap.

    Politis and Romano, A circular block-resampling procedure for stationary data, 1992.

    Parameters
    ----------
    values : float array of shape (n_rows,)
        In time order.
    block : int, in rows
        Longer than the label horizon, so that a block holds whole dependences; 96 = one day.
    confidence : float
        Share of the resampled means that lie inside the interval.
    """
    return block_bootstrap_of_means(
        lambda means: means[:, 0],
        values[:, None],
        block=block,
        n_resamples=n_resamples,
        seed=seed,
        confidence=confidence,
    )


def block_bootstrap_of(
    statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    values: NDArray[np.float64],
    *,
    block: int,
    n_resamples: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """Percentile interval of any statistic, by the circular block bootstrap.

    Parameters
    ----------
    statistic : function of float array of shape (n_resamples, n_rows), to one of (n_resamples,)
    values : float array of shape (n_rows,)
        In time order; few enough that `n_resamples` copies fit into memory.
    block : int, in rows
    """
    n = len(values)
    block = min(block, n)
    n_blocks = -(-n // block)
    starts = np.random.default_rng(seed).integers(0, n, size=(n_resamples, n_blocks, 1))
    rows = ((starts + np.arange(block)) % n).reshape(n_resamples, -1)[:, :n]
    estimate = float(statistic(values[None, :])[0])
    return _interval(estimate, statistic(values[rows]), confidence)


def block_bootstrap_of_means(
    statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    columns: NDArray[np.float64],
    *,
    block: int = 96,
    n_resamples: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """Percentile interval of a statistic of several means, by the circular block bootstrap.

    Parameters
    ----------
    statistic : function of float array of shape (n_resamples, n_columns), to one of (n_resamples,)
    columns : float array of shape (n_rows, n_columns)
        In time order.
    block : int, in rows
    """
    n = len(columns)
    block = min(block, n)
    n_blocks = -(-n // block)
    around = np.concatenate([columns, columns[: block - 1]])
    sums = np.concatenate([np.zeros((1, columns.shape[1])), np.cumsum(around, axis=0)])
    block_means = (sums[block:] - sums[:-block]) / block
    starts = np.random.default_rng(seed).integers(0, n, size=(n_resamples, n_blocks))
    means = block_means[starts].mean(axis=1)
    return _interval(float(statistic(columns.mean(axis=0)[None])[0]), statistic(means), confidence)


def _interval(estimate: float, resampled: NDArray[np.float64], confidence: float) -> Interval:
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(resampled, [tail, 1.0 - tail])
    return Interval(estimate, float(low), float(high))
