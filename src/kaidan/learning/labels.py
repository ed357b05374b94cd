"""Labels: what the price did over the horizon. A row whose future is unknown has no label."""

import numpy as np
import pandas as pd

from kaidan.market.bar import BAR_MINUTES
from kaidan.settings import LabelSettings
from kaidan.signal import Signal


def horizon(label: LabelSettings) -> pd.Timedelta:
    """Time between a decision and the moment its label is known."""
    return pd.Timedelta(minutes=BAR_MINUTES * label.horizon_bars)


def make_labels(bars: pd.DataFrame, label: LabelSettings) -> pd.Series:
    """Class of the return from each bar's close to the close `horizon_bars` later.

    The later bar is looked up by time, not by position: across a gap the label is unknown, and
    a filler bar (no volume) has no price that anybody traded at.

    Parameters
    ----------
    bars : DataFrame of shape (n_bars, 5)
        Checked bars.
    label : LabelSettings
        Horizon in bars and threshold as a simple return.

    Returns
    -------
    Series of shape (n_labelled,), int64
        Signal values, indexed by the time of the bar they are a label of; `n_labelled < n_bars`.
    """
    traded = bars["close"].where(bars["volume"] > 0)
    later = traded.reindex(bars.index + horizon(label)).to_numpy()
    returns = pd.Series(later / traded.to_numpy() - 1.0, index=bars.index).dropna()
    classes = np.select(
        [returns < -label.threshold_return, returns > label.threshold_return],
        [int(Signal.SELL), int(Signal.BUY)],
        default=int(Signal.HOLD),
    )
    return pd.Series(classes, index=returns.index, name="label", dtype="int64")


def previous_labels(labels: pd.Series, label: LabelSettings) -> pd.Series:
    """The newest label that was already known at each row: that of one horizon earlier.

    Returns
    -------
    Series of shape (n_labelled,), float64
        Signal values on the index of `labels`, NaN where there was none.
    """
    earlier = labels.reindex(pd.DatetimeIndex(labels.index) - horizon(label)).to_numpy()
    return pd.Series(earlier, index=labels.index, dtype="float64")
