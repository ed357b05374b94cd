"""Which members may vote: one that does not beat the class prior out of fold has no voice."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kaidan.evaluation.scores import log_losses

Probabilities = NDArray[np.float64]


def silent_members(
    y: NDArray[np.int64], members: Mapping[str, Probabilities], prior: Probabilities
) -> tuple[str, ...]:
    """Members whose log-loss is not below that of the class prior on the same rows.

    When that is all of them nobody is silenced: such an ensemble is for the gates to refuse.

    Parameters
    ----------
    y : int array of shape (n_rows,)
        Signals that came true.
    members : mapping of member name to float array of shape (n_rows, 3)
        Calibrated out-of-fold predictions.
    prior : float array of shape (n_rows, 3)
        Class shares of each fold's training part.
    """
    if not len(y):
        return ()
    free = log_losses(y, prior).mean()
    silent = tuple(name for name, p in members.items() if log_losses(y, p).mean() >= free)
    return () if len(silent) == len(members) else silent


def silent_by_fold(
    y: NDArray[np.int64],
    members: Mapping[str, Probabilities],
    prior: Probabilities,
    folds: Sequence[slice],
) -> list[tuple[str, ...]]:
    """Who is silent in each fold, as the folds before it tell: never as the fold itself does.

    An ensemble that is scored with a choice made on the very rows of the score flatters itself.
    """
    return [
        silent_members(
            y[: fold.start],
            {name: p[: fold.start] for name, p in members.items()},
            prior[: fold.start],
        )
        for fold in folds
    ]
