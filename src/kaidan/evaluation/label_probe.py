"""A leak probe of the training procedure: what it learns from labels that mean nothing.

Skill on shuffled labels can only come from having seen the rows that are judged.
"""

import numpy as np
from numpy.typing import NDArray

from kaidan.evaluation.bootstrap import Interval
from kaidan.evaluation.probe_training import CrossValidate, probe_interval, probe_losses
from kaidan.learning.cross_validation import cross_validate as shipped
from kaidan.market.bar import BARS_PER_DAY
from kaidan.settings import TrainingSettings


def shuffled_skill(
    X: NDArray[np.float32],
    y: NDArray[np.int64],
    settings: TrainingSettings,
    *,
    cross_validate: CrossValidate = shipped,
) -> Interval:
    """Log-loss saved against the class prior, by a member trained on shuffled labels.

    Parameters
    ----------
    X : float32 array of shape (n_rows, n_inputs)
        In time order; what the members may split on.
    y : int array of shape (n_rows,)
        Signals that came true.
    settings : TrainingSettings
    cross_validate : callable, optional
        The procedure on trial; default kaidan's.

    Returns
    -------
    Interval
        In nats a row. An honest procedure saves nothing: the interval holds 0, or lies below it
        for what overfitting costs. Above 0, the procedure has seen the rows that it is judged on.
    """
    losses = probe_losses(X, shuffle_days(y, settings.seed), settings, cross_validate)
    return probe_interval(losses.prior - losses.member)


def shuffle_days(y: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Put days in random order, and begin each at a random bar.

    Labels stay beside those that share their future, and are as easily remembered as real ones.
    Without the second step the hour would still tell quiet bars from busy ones: honest skill.
    """
    rng = np.random.default_rng(seed)
    days = np.split(y, np.arange(BARS_PER_DAY, len(y), BARS_PER_DAY))
    return np.concatenate(
        [np.roll(days[i], rng.integers(BARS_PER_DAY)) for i in rng.permutation(len(days))]
    )
