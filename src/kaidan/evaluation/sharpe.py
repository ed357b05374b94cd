"""How much of a Sharpe ratio is luck: its interval, and what the best of many tries would show."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kurtosis, norm, skew

from kaidan.evaluation.bootstrap import Interval, block_bootstrap_of

DAYS_A_YEAR = 365
# A position is held for hours, but a loud week makes its neighbours loud: days are drawn five at
# a time. A constant series has a spread of rounding, which is no spread.
BLOCK_DAYS = 5
_ROUNDING = 1e-12
_EULER = float(np.euler_gamma)


def daily_sharpe(returns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over standard deviation of each row of `returns`, of shape (n_series, n_days).

    Returns
    -------
    float array of shape (n_series,), per day
        0 where the returns do not vary: nothing was risked, or nothing was learnt.
    """
    spread = returns.std(axis=1)
    varies = spread > _ROUNDING
    ratio = np.zeros(len(returns))
    np.divide(returns.mean(axis=1), spread, out=ratio, where=varies)
    return ratio


def annual_sharpe(daily_returns: NDArray[np.float64]) -> Interval:
    """Annualised Sharpe ratio with its 95 % block-bootstrap interval.

    Parameters
    ----------
    daily_returns : float array of shape (n_days,)
        Simple returns of calendar days: this market has no weekend.
    """
    scale = math.sqrt(DAYS_A_YEAR)
    return block_bootstrap_of(
        lambda many: scale * daily_sharpe(many), daily_returns, block=BLOCK_DAYS
    )


def luckiest_sharpe(n_tried: int, variance: float) -> float:
    """Sharpe ratio that the best of `n_tried` variants without skill is expected to show.

    Bailey and Lopez de Prado, The Deflated Sharpe Ratio, 2014, equation 1 with a mean of 0.

    Parameters
    ----------
    n_tried : int, at least 1
    variance : float
        Of the Sharpe ratios of the variants.
    """
    if n_tried == 1:
        return 0.0
    first = float(norm.ppf(1.0 - 1.0 / n_tried))
    second = float(norm.ppf(1.0 - 1.0 / (n_tried * math.e)))
    return math.sqrt(variance) * ((1.0 - _EULER) * first + _EULER * second)


def probability_above(
    benchmark: float, sharpe: float, n_returns: int, skewness: float, kurtosis: float
) -> float:
    """Probability that the true Sharpe ratio is above `benchmark`.

    Bailey and Lopez de Prado, The Deflated Sharpe Ratio, 2014, equation 2 (the probabilistic
    Sharpe ratio).

    Parameters
    ----------
    benchmark, sharpe : float, per return (not annualised)
    n_returns : int
    skewness, kurtosis : float
        Of the returns; those of a normal distribution are 0 and 3.
    """
    variance = 1.0 - skewness * sharpe + (kurtosis - 1.0) / 4.0 * sharpe**2
    # It is a square where returns take two values only, and rounding may push it to 0 or below.
    z = (sharpe - benchmark) * math.sqrt((n_returns - 1) / max(variance, _ROUNDING))
    return float(norm.cdf(z))


def deflated_sharpe(daily_returns: NDArray[np.float64], *, n_tried: int) -> float:
    """Probability that the true Sharpe ratio is above what the best of `n_tried` gets by luck.

    The variants' own ratios are not asked for: without skill, each estimate varies by 1 / (n - 1)
    around 0, and as many independent variants are the hardest to beat.

    Parameters
    ----------
    daily_returns : float array of shape (n_days,)
    n_tried : int, at least 1
        Variants (settings, features, models) from which this one was chosen, itself included.

    Returns
    -------
    float in [0, 1]
        0.5 at most where the returns do not vary: nothing is known of their skill.
    """
    n = len(daily_returns)
    sharpe = float(daily_sharpe(daily_returns[None, :])[0])
    third, fourth = 0.0, 3.0
    if daily_returns.std() > _ROUNDING:
        third, fourth = float(skew(daily_returns)), float(kurtosis(daily_returns, fisher=False))
    return probability_above(
        luckiest_sharpe(n_tried, 1.0 / max(n - 1, 1)), sharpe, n, third, fourth
    )
