"""Intervals for means of bars, which resemble their neighbours: whole blocks are resampled."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval."""

    estimate: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.estimate:+.4f} [{self.low:+.4f}, {self.high:+.4f}]"


def block_bootstrap(
    values: NDArray[np.float64], *, block: int = 96, n_resamples: int = 2000, seed: int = 0
) -> Interval:
    """95 % percentile interval of a mean, by the circular block bootstrap.

    Politis and Romano, A circular block-resampling procedure for stationary data, 1992.

    Parameters
    ----------
    values : float array of shape (n_rows,)
        In time order.
    block : int, in rows
        Longer than the label horizon, so that a block holds whole dependences; 96 = one day.
    """
    n = len(values)
    block = min(block, n)
    n_blocks = -(-n // block)
    around = np.concatenate([values, values[: block - 1]])
    sums = np.concatenate([[0.0], np.cumsum(around)])
    block_means = (sums[block:] - sums[:-block]) / block
    starts = np.random.default_rng(seed).integers(0, n, size=(n_resamples, n_blocks))
    means = block_means[starts].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(values.mean()), float(low), float(high))
