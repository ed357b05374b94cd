"""Leak probes of the features: what one bar is worth.

No honest feature has seen a bar of its label, so a bar more buys much and a bar less costs no more
than that. Features that see the future already lose more by a bar than they gain by one.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaidan.evaluation.bootstrap import Interval
from kaidan.evaluation.probe_training import CrossValidate, probe_interval, probe_losses
from kaidan.learning.cross_validation import cross_validate as shipped
from kaidan.market.bars import BAR_LENGTH
from kaidan.settings import TrainingSettings
from kaidan.signal import Signal

# Of the next bar's return a feature may know this share of what it knows once the bar has closed:
# half lies between honest and leaking features of every market tried. There is no such share for
# what a bar less may cost: where prices swing back within the hour, honest features lose nearly as
# much by it as they would gain by a bar of the future, but not more.
NEXT_BAR_SHARE = 0.5


def delay_excess(
    X: NDArray[np.float32],
    y: NDArray[np.int64],
    settings: TrainingSettings,
    *,
    cross_validate: CrossValidate = shipped,
) -> Interval:
    """What features of the bar before cost, beyond what features of the next bar gain.

    The same rows are learnt and judged three times. Rows are shifted by position: where bars are
    missing, one row a gap is moved further than a bar.

    Parameters
    ----------
    X : float32 array of shape (n_rows, n_inputs)
        In time order; what the members may split on.
    y : int array of shape (n_rows,)
        Signals that came true. The first and the last row are not judged: they lack a neighbour.
    settings : TrainingSettings
    cross_validate : callable, optional
        Default kaidan's.

    Returns
    -------
    Interval
        In nats a row; above 0, features see the future.
    """
    delayed, now, advanced = (
        probe_losses(inputs, y[1:-1], settings, cross_validate).member
        for inputs in (X[:-2], X[1:-1], X[2:])
    )
    return probe_interval((delayed - now) - (now - advanced))


def next_bar_excess(
    X: NDArray[np.float32],
    next_bar: NDArray[np.int64],
    settings: TrainingSettings,
    *,
    cross_validate: CrossValidate = shipped,
) -> Interval:
    """What features know of the next bar's return, beyond half of what they know once it closed.

    One bar is a small part of a label, and to see it gains too little for `delay_excess` to be
    sure of; of its own return it is all.

    Parameters
    ----------
    X : float32 array of shape (n_rows, n_inputs)
        In time order; what the members may split on, a return of the last bar among them.
    next_bar : int array of shape (n_rows,)
        As `next_bar_signals` returns it. The last row is not judged.
    settings : TrainingSettings
    cross_validate : callable, optional
        Default kaidan's.

    Returns
    -------
    Interval
        In nats a row; above 0, features see the next bar.
    """
    now, advanced = (
        probe_losses(inputs, next_bar[:-1], settings, cross_validate) for inputs in (X[:-1], X[1:])
    )
    known, knowable = now.prior - now.member, advanced.prior - advanced.member
    return probe_interval(known - NEXT_BAR_SHARE * knowable)


def next_bar_signals(bars: pd.DataFrame, times: pd.DatetimeIndex) -> NDArray[np.int64]:
    """Class of the return of the bar after each of `times`; half of them are HOLD.

    Parameters
    ----------
    bars : DataFrame of shape (n_bars, 5), checked
    times : DatetimeIndex of shape (n_rows,)
        Open times of bars.

    Returns
    -------
    int array of shape (n_rows,)
        BUY and SELL beyond the median size of the returns; HOLD where the next bar is missing.
    """
    close = bars["close"]
    later = close.reindex(times + BAR_LENGTH).to_numpy()
    returns = np.nan_to_num(later / close.reindex(times).to_numpy() - 1.0)
    usual = np.median(np.abs(returns))
    return np.select(
        [returns < -usual, returns > usual], [int(Signal.SELL), int(Signal.BUY)], int(Signal.HOLD)
    )
