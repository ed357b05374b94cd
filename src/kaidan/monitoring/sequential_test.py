"""Is one version worse than another? A test that may be looked at after every bar.

Labels of neighbouring bars overlap, and whoever watches looks again and again: an ordinary test
forgives neither. A wager against "it is not worse" that multiplies its stake forgives both.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaidan.monitoring.loss_differences import LossDifferences

# Were the other version right, 1/2 would grow fastest: the half-way point between two forecasts is
# as far from either in log-loss. No version is quite right (benchmarks/canary.py).
_BET = 0.4
_MOST_LOST = 0.9  # of the stake, on one bar


@dataclass(frozen=True)
class Evidence:
    """What the wager came to.

    Attributes
    ----------
    e_value : float
        The stake after the last bar, or after that which settled it; 1 at the start.
    error_rate : float
        Chance that it is ever settled although the version is not worse.
    n_bars : int
        Bars that were compared until then.
    settled_after : int or None
        Bars of the clock after which it was settled that the version is worse; None: it is not.
    growth : float, in nats a bar
        Mean growth of the stake so far.
    """

    e_value: float
    error_rate: float
    n_bars: int
    settled_after: int | None
    growth: float

    @property
    def settled(self) -> bool:
        """The version is worse, at the error rate."""
        return self.settled_after is not None

    @property
    def threshold(self) -> float:
        """Stake that settles it."""
        return 1.0 / self.error_rate

    @property
    def bars_to_go(self) -> int | None:
        """Bars until it is settled if it goes on like this; None: it is not on its way."""
        if self.settled or self.growth <= 0.0:
            return None
        missing = math.log(self.threshold) - math.log(self.e_value)
        return max(1, math.ceil(missing / self.growth))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for an artifact or `--json`."""
        return {
            "e_value": self.e_value,
            "threshold": self.threshold,
            "error_rate": self.error_rate,
            "n_bars": self.n_bars,
            "settled_after": self.settled_after,
            "bars_to_go": self.bars_to_go,
        }


def wager_on_worse(differences: LossDifferences, *, horizon: int, error_rate: float) -> Evidence:
    """Wager on one version being worse than the other.

    What is doubted: at no bar is the version's expected log-loss, given all that is known when it
    answers, above the other's. Every `horizon`-th bar, whose labels do not overlap, makes one
    wager: its stake is multiplied by 1 + b d, where d is the difference of the losses and b is
    0.4, or less where d might cost more than 0.9 of the stake; b is chosen before the label is
    known. If what is doubted holds, such a stake is not expected to grow. The e-value is the mean
    of the `horizon` stakes of the interleaved wagers.

    When the mean reaches 1 / `error_rate`, some of the wagers are still open, and what was seen
    says something about them. So no more are made until all are settled (`horizon` - 1 bars); if
    the mean is still as high, so is the verdict, else the wagers go on. At these pauses the mean
    is a supermartingale of everything known, and by Ville's inequality the chance that the verdict
    ever falls wrongly, for however long and however often one looks, is at most `error_rate`.

    Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting, 2024;
    Henzi and Ziegel, Valid sequential inference on probability forecast performance, 2022;
    Arnold, Henzi and Ziegel, Sequentially valid tests for forecast calibration, 2023.

    Parameters
    ----------
    differences : LossDifferences
        Of the version that may be worse against the other; `mirrored()` asks whether it is better.
    horizon : int, in bars
        Of the label.
    error_rate : float
    """
    growths = _growths(differences)
    n, least = len(growths), -math.log(error_rate)
    start, settled_after = 0, None
    stakes = _stakes(growths, horizon)
    while settled_after is None:
        crossed = start + np.flatnonzero(stakes[start:] >= least)
        if not len(crossed) or crossed[0] + horizon > n:
            break
        last_open = int(crossed[0]) + horizon - 1
        if stakes[last_open] >= least:
            settled_after = last_open + 1
        else:
            start = last_open + horizon
            growths[last_open + 1 : start] = 0.0
            stakes = _stakes(growths, horizon)
    n_seen = settled_after or n
    return Evidence(
        e_value=float(np.exp(stakes[n_seen - 1])) if n_seen else 1.0,
        error_rate=error_rate,
        n_bars=int(differences.known[:n_seen].sum()),
        settled_after=settled_after,
        growth=float(growths[:n_seen].sum()) / n_seen / horizon if n_seen else 0.0,
    )


def _growths(differences: LossDifferences) -> NDArray[np.float64]:
    """Logarithm of what each bar multiplies a stake by."""
    may_lose = np.maximum(-differences.least, _MOST_LOST / _BET)
    return np.asarray(np.log1p(_MOST_LOST / may_lose * differences.values))


def _stakes(growths: NDArray[np.float64], horizon: int) -> NDArray[np.float64]:
    """Logarithm of the mean stake after each bar."""
    n = len(growths)
    rounds = -(-n // horizon)
    padded = np.zeros(rounds * horizon)
    padded[:n] = growths
    after = np.cumsum(padded.reshape(rounds, horizon), axis=0)
    before = np.vstack([np.zeros(horizon), after[:-1]]) if rounds else after
    # Within a round the wagers to the left have got their label, the others have not yet.
    has_label = np.tri(horizon, dtype=np.bool_)
    each = np.where(has_label, after[:, None, :], before[:, None, :])
    highest = each.max(axis=2, initial=-np.inf)
    mean = np.exp(each - highest[..., None]).mean(axis=2)
    return np.asarray((highest + np.log(mean)).reshape(-1)[:n])
