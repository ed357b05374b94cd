"""Two versions' log-losses on the same live bars, one against the other."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kaidan.evaluation.bootstrap import Interval, block_bootstrap
from kaidan.market.bar import ONE_BAR
from kaidan.monitoring.decisions import Decisions

_FLOOR = 0.01  # of a probability: one bar that was thought impossible must not outweigh a month


@dataclass(frozen=True, eq=False)
class LossDifferences:
    """By how much one version's log-loss exceeds another's, bar by bar of the clock.

    Attributes
    ----------
    values : float array of shape (n_bars,), in nats
        0 on a bar on which they cannot be compared.
    least, most : float array of shape (n_bars,), in nats
        What each could have become at least and at most, whatever the label: known before it.
    known : bool array of shape (n_bars,)
        Where both answered and the label came true.
    """

    values: NDArray[np.float64]
    least: NDArray[np.float64]
    most: NDArray[np.float64]
    known: NDArray[np.bool_]

    @classmethod
    def between(
        cls,
        one: NDArray[np.float64],
        other: NDArray[np.float64],
        labels: NDArray[np.float64],
        clock: NDArray[np.int64] | None = None,
    ) -> Self:
        """Compare two versions' answers.

        Parameters
        ----------
        one, other : float array of shape (n, 3)
            Probabilities in the order of Signal; NaN where there is no answer.
        labels : float array of shape (n,)
            Signal values that came true; NaN where that is not known.
        clock : int array of shape (n,), optional
            Which bar of the clock each row is, from 0 on; default: no bar is missing.
        """
        usable = np.isfinite(labels) & np.isfinite(one).all(axis=1) & np.isfinite(other).all(axis=1)
        came = labels[usable].astype(np.int64)
        places = (np.arange(len(labels)) if clock is None else clock)[usable]
        ratios = np.log(np.clip(other[usable], _FLOOR, 1) / np.clip(one[usable], _FLOOR, 1))
        n_bars = int(places[-1]) + 1 if len(places) else 0
        values, least, most = np.zeros((3, n_bars))
        known = np.zeros(n_bars, dtype=np.bool_)
        values[places] = ratios[np.arange(len(came)), came]
        least[places] = ratios.min(axis=1)
        most[places] = ratios.max(axis=1)
        known[places] = True
        return cls(values, least, most, known)

    @classmethod
    def live_and_shadow(cls, decisions: Decisions) -> Self:
        """Who answered live against who answered in its shadow."""
        times = decisions.times
        clock = ((times - times[0]) // ONE_BAR).to_numpy(dtype=np.int64) if len(times) else None
        return cls.between(
            decisions.probabilities, decisions.shadow_probabilities, decisions.labels, clock
        )

    def __len__(self) -> int:
        """Bars of the clock, up to the last on which they can be compared."""
        return len(self.values)

    @property
    def n_known(self) -> int:
        """Bars on which they can be compared."""
        return int(self.known.sum())

    def mirrored(self) -> Self:
        """The other one's against this one's."""
        return replace(self, values=-self.values, least=-self.most, most=-self.least)

    def mean(self) -> Interval:
        """Mean difference, in nats a bar, by a bootstrap of days; needs a bar."""
        return block_bootstrap(self.values[self.known])
