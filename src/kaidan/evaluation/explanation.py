"""Which features moved the vote: what each one adds to the probabilities that were answered.

Members add up in scores of different kinds, and their vote is a mean of probabilities after each
one's calibration; here their SHAP values are brought into probability, exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from kaidan.learning.calibration import SMALLEST, Calibration
from kaidan.signal import N_CLASSES

Floats = NDArray[np.float64]
# Of Gauss's rule on the way from base to row. The error was below 1e-9 on simulated members, and
# below 1e-5 where a forest's probability comes down to 0, where its logarithm is cut off.
_N_STEPS = 48


@dataclass(frozen=True, eq=False)
class MemberScores:
    """What each input adds to one member's scores.

    Attributes
    ----------
    share : float
        Of the vote.
    classes : tuple of int
        Signal of each of k scores.
    boosted : bool
        Probabilities are the softmax of the scores; otherwise they are the scores.
    calibration : Calibration or None
    base : float array of shape (k,)
        Mean scores over the training rows.
    values : float array of shape (n_rows, n_inputs, k)
        Their sum over the inputs is a row's scores less the base.
    """

    share: float
    classes: tuple[int, ...]
    boosted: bool
    calibration: Calibration | None
    base: Floats
    values: Floats


@dataclass(frozen=True, eq=False)
class Explanation:
    """What each input adds to the vote.

    Attributes
    ----------
    names : tuple of str
    base : float array of shape (3,)
        The vote of members that all have their mean scores.
    values : float array of shape (n_rows, n_inputs, 3)
        In probability of SELL, HOLD and BUY; the three of an input sum to 0.
    answered : float array of shape (n_rows, 3)
        The vote on the rows themselves: base plus the sum of values.
    """

    names: tuple[str, ...]
    base: Floats
    values: Floats
    answered: Floats

    @property
    def off(self) -> float:
        """By how much base and values miss the answer, at most: what is left of rounding."""
        return float(np.abs(self.base + self.values.sum(axis=1) - self.answered).max())


def explain_vote(members: Sequence[MemberScores], names: Sequence[str]) -> Explanation:
    """Bring the members' SHAP values into the probabilities of their vote.

    A member's scores are led from their base to the row on a straight line. Each input has its
    share of every step, as large as its SHAP value, and gets what the step does to the calibrated
    probabilities (Aumann and Shapley, Values of non-atomic games, 1974; Sundararajan et al.,
    Axiomatic attribution for deep networks, ICML 2017). So nothing is left over, the order of
    inputs does not matter, and members are added by their shares of the vote. It is not the
    Shapley value of the probability itself, which trees do not give without a background.

    Parameters
    ----------
    members : sequence of MemberScores
    names : sequence of str
        Of the inputs.
    """
    parts = [_member(member) for member in members]
    base, values, answered = (np.sum(part, axis=0) for part in zip(*parts, strict=True))
    return Explanation(tuple(names), base, values, answered)


def _member(member: MemberScores) -> tuple[Floats, Floats, Floats]:
    way = member.values.sum(axis=1)
    slope = np.zeros((len(way), N_CLASSES, len(member.classes)))
    for place, share in zip(*_steps(), strict=True):
        slope += share * _slope(member, member.base + place * way)
    return (
        member.share * _probabilities(member, member.base[None, :])[0],
        member.share * np.einsum("rck,rik->ric", slope, member.values),
        member.share * _probabilities(member, member.base + way),
    )


def _steps() -> tuple[Floats, Floats]:
    """Places between 0 and 1 and their weights, close together at both ends."""
    at, weight = np.polynomial.legendre.leggauss(_N_STEPS)
    u = (at + 1) / 2
    return u**3 * (10 - 15 * u + 6 * u**2), weight * 15 * (u * (1 - u)) ** 2


def _uncalibrated(member: MemberScores, scores: Floats) -> Floats:
    said = np.zeros((len(scores), N_CLASSES))
    said[:, member.classes] = softmax(scores, axis=1) if member.boosted else scores
    return said


def _probabilities(member: MemberScores, scores: Floats) -> Floats:
    said = _uncalibrated(member, scores)
    return said if member.calibration is None else member.calibration.apply(said)


def _slope(member: MemberScores, scores: Floats) -> Floats:
    """How the probabilities change with the scores, of shape (n_rows, 3, k)."""
    said = _uncalibrated(member, scores)
    by_score = np.zeros((len(scores), N_CLASSES, len(member.classes)))
    own = said[:, member.classes]
    step = _softmax_slope(own) if member.boosted else np.eye(len(member.classes))
    by_score[:, member.classes, :] = step
    if member.calibration is None:
        return by_score
    # As the calibration clips: below, the logarithm stays where it is.
    logs = np.divide(1.0, said, out=np.zeros_like(said), where=said > SMALLEST)
    mended = _softmax_slope(member.calibration.apply(said))
    return np.asarray(mended @ member.calibration.matrix @ (logs[:, :, None] * by_score))


def _softmax_slope(p: Floats) -> Floats:
    return np.asarray(p[:, :, None] * (np.eye(p.shape[1]) - p[:, None, :]))
