"""Does a model know which way, or only how far? The AUC of BUY against SELL among the moves.

Volatility alone buys log-loss in a three-class problem; it buys nothing here.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from kaidan.evaluation.bootstrap import Interval, block_bootstrap
from kaidan.signal import Signal


def direction_auc(
    y: NDArray[np.int64], probabilities: NDArray[np.float64], *, confidence: float = 0.95
) -> Interval:
    """AUC of the direction among the rows that moved, with a block-bootstrap interval.

    The score of a row is `P(BUY) / (P(BUY) + P(SELL))`. A row's placement value is the share of
    the other class that it is ranked right of, ties by half (DeLong, DeLong and Clarke-Pearson,
    Comparing the areas under two or more correlated receiver operating characteristic curves,
    Biometrics 1988). The mean of each class's placement values is the AUC, and their deviations
    from it are the influence of each row, so that blocks of all rows are resampled in time order
    without ranking again; a row that did not move has no influence.

    Parameters
    ----------
    y : int array of shape (n_rows,)
        Signals that came true, in time order.
    probabilities : float array of shape (n_rows, 3)
    confidence : float
        Of the interval.

    Returns
    -------
    Interval
        0.5 is a coin, 1 is certainty. Without both a BUY and a SELL nothing is known: 0.5 in
        [0, 1].
    """
    rose, fell = y == Signal.BUY, y == Signal.SELL
    n_rose, n_fell = int(rose.sum()), int(fell.sum())
    if not n_rose or not n_fell:
        return Interval(0.5, 0.0, 1.0)
    score = _upwards(probabilities)
    moved = rose | fell
    rank_in_all = np.zeros(len(y))
    rank_in_all[moved] = rankdata(score[moved])
    fallen_below = (rank_in_all[rose] - rankdata(score[rose])) / n_fell
    risen_above = 1.0 - (rank_in_all[fell] - rankdata(score[fell])) / n_rose
    auc = float(fallen_below.mean())
    influence = np.zeros(len(y))
    influence[rose] = (fallen_below - auc) / n_rose
    influence[fell] = (risen_above - auc) / n_fell
    # Ten resamples lie beyond either end, or the end of a bold interval would be one of chance.
    n_resamples = max(2_000, round(20 / (1 - confidence)))
    found = block_bootstrap(
        auc + len(y) * influence, n_resamples=n_resamples, confidence=confidence
    )
    return Interval(auc, max(found.low, 0.0), min(found.high, 1.0))


def _upwards(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """P(BUY) among BUY and SELL; who is certain of HOLD says nothing of the direction."""
    sell, buy = probabilities[:, Signal.SELL], probabilities[:, Signal.BUY]
    either = sell + buy
    return np.asarray(np.divide(buy, either, out=np.full(len(either), 0.5), where=either > 0))
