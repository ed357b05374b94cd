"""What a trader could know for free. Skill is counted from here, never from zero."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kaidan.signal import N_CLASSES

Labels = NDArray[np.int64]
Probabilities = NDArray[np.float64]

N_BINS = 10


@dataclass(frozen=True)
class Known:
    """What is known of each row before its label is.

    Attributes
    ----------
    previous : float array of shape (n_rows,)
        Newest label already known at the row (a Signal value), NaN where there is none.
    volatility : float array of shape (n_rows,)
        `natr_14`, in percent of the price.
    """

    previous: NDArray[np.float64]
    volatility: NDArray[np.float64]

    def take(self, rows: NDArray[np.int64] | slice) -> "Known":
        """Keep some rows."""
        return Known(self.previous[rows], self.volatility[rows])


def _shares(y: Labels) -> Probabilities:
    # One pseudo-row a class: what has not happened yet is not impossible.
    counts = np.bincount(y, minlength=N_CLASSES) + 1.0
    return np.asarray(counts / counts.sum())


def class_prior(y: Labels, train: Known, test: Known) -> Probabilities:
    """Class shares of the training part, for every row."""
    return np.tile(_shares(y), (len(test.volatility), 1))


def previous_label(y: Labels, train: Known, test: Known) -> Probabilities:
    """Class shares of the training part, by the newest label that was known."""
    return _by_group(y, _as_group(train.previous), _as_group(test.previous), N_CLASSES + 1)


def volatility_prior(y: Labels, train: Known, test: Known) -> Probabilities:
    """Class shares of the training part, by decile of its normalised ATR."""
    edges = np.quantile(train.volatility, np.linspace(0, 1, N_BINS + 1)[1:-1])
    return _by_group(
        y,
        np.searchsorted(edges, train.volatility),
        np.searchsorted(edges, test.volatility),
        N_BINS,
    )


BASELINES = {
    "prior": class_prior,
    "previous_label": previous_label,
    "volatility_prior": volatility_prior,
}


def _as_group(previous: NDArray[np.float64]) -> Labels:
    return np.where(np.isnan(previous), N_CLASSES, previous).astype(np.int64)


def _by_group(y: Labels, train: Labels, test: Labels, n_groups: int) -> Probabilities:
    # A group that the training part never met says no more than the class shares do.
    members = [y[train == group] for group in range(n_groups)]
    table = np.array([_shares(found if len(found) else y) for found in members])
    return table[test]
