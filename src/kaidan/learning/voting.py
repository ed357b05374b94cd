"""How members' probabilities become one."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kaidan.signal import N_CLASSES, Signal

Voting = Literal["weighted", "soft", "hard"]


def shares(weights: Mapping[str, float], voting: Voting) -> dict[str, float]:
    """Each member's share of the vote; they sum to 1. `soft` counts every voter once."""
    counted = (
        {name: float(weight > 0) for name, weight in weights.items()}
        if voting == "soft"
        else weights
    )
    total = sum(counted.values())
    return {name: weight / total for name, weight in counted.items()}


def vote(
    probabilities: Mapping[str, NDArray[np.float64]],
    weights: Mapping[str, float],
    voting: Voting,
) -> NDArray[np.float64]:
    """Combine members.

    Parameters
    ----------
    probabilities : mapping of member name to float array of shape (n_rows, 3)
    weights : mapping of member name to weight
    voting : {"weighted", "soft", "hard"}
        Weighted mean of probabilities, plain mean, or weighted share of verdicts.

    Returns
    -------
    float array of shape (n_rows, 3)
    """
    parts: Sequence[NDArray[np.float64]] = [
        share * (np.eye(N_CLASSES)[p.argmax(axis=1)] if voting == "hard" else p)
        for name, share in shares(weights, voting).items()
        for p in [probabilities[name]]
    ]
    return np.asarray(np.sum(parts, axis=0))


def decide(probabilities: NDArray[np.float64], confidence_threshold: float) -> NDArray[np.int64]:
    """Most probable class, or HOLD where it is less probable than the threshold."""
    unsure = probabilities.max(axis=1) < confidence_threshold
    return np.where(unsure, int(Signal.HOLD), probabilities.argmax(axis=1))
