"""Simulated bars whose true chances are known, and forecasts of them that are more or less right.

Whether the next 16 bars move the price far is what the volatility of the moment says; labels of
neighbours overlap. The truth saves about 0.07 nats a bar against the class prior.
"""

import math

import numpy as np
from numpy.typing import NDArray

from kaidan.monitoring.loss_differences import LossDifferences

HORIZON = 16
_THRESHOLD = 3.0
_CALM, _WILD = 0.65, 1.45
_STAY_BARS = 400  # a calm or a wild spell lasts


class Bars:
    """Labels, shape (n,), and true chances, shape (n, 3)."""

    def __init__(self, seed: int, n: int) -> None:
        self.rng = np.random.default_rng(seed)
        spells = np.cumsum(self.rng.random(n + HORIZON) < 1 / _STAY_BARS) % 2
        volatility = np.where(spells == 1, _WILD, _CALM)
        price = np.concatenate([[0.0], np.cumsum(volatility * self.rng.normal(size=n + HORIZON))])
        move = price[HORIZON:][:n] - price[:n]
        self.labels = np.select([move < -_THRESHOLD, move > _THRESHOLD], [0.0, 2.0], default=1.0)
        tails = {
            one: 0.5 * math.erfc(_THRESHOLD / (one * math.sqrt(2 * HORIZON)))
            for one in (_CALM, _WILD)
        }
        tail = np.where(volatility[:n] == _WILD, tails[_WILD], tails[_CALM])
        self.chances = np.column_stack([tail, 1 - 2 * tail, tail])
        self.prior = np.bincount(self.labels.astype(int), minlength=3) / n

    def good(self, error: float = 0.15) -> NDArray[np.float64]:
        """The truth, with errors of the logits that last for a day."""
        return self._with_errors(self.chances, error)

    def learnt_nothing(self) -> NDArray[np.float64]:
        """What a version answers that was trained on shuffled labels."""
        return self._with_errors(np.broadcast_to(self.prior, self.chances.shape), 0.05)

    def differences(self, one: NDArray[np.float64], other: NDArray[np.float64]) -> LossDifferences:
        return LossDifferences.between(one, other, self.labels)

    def _with_errors(self, chances: NDArray[np.float64], error: float) -> NDArray[np.float64]:
        days = self.rng.normal(scale=error, size=(len(chances) // 96 + 1, 3))
        raised = np.exp(np.log(chances) + np.repeat(days, 96, axis=0)[: len(chances)])
        return raised / raised.sum(axis=1, keepdims=True)
