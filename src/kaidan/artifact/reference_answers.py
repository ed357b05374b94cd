"""Answers as columns, so that they are compared as features are."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaidan.signal import Signal


def answer_columns(said: NDArray[np.int64], confidence: NDArray[np.float64]) -> pd.DataFrame:
    """Verdicts and confidence as a frame.

    Parameters
    ----------
    said : int array of shape (n_rows,)
        Signal values.
    confidence : float array of shape (n_rows,)

    Returns
    -------
    DataFrame of shape (n_rows, 3)
        `said_sell` and `said_buy` are 1 where that was said; what is left is HOLD.
    """
    return pd.DataFrame(
        {
            "said_sell": (said == int(Signal.SELL)).astype(np.float64),
            "said_buy": (said == int(Signal.BUY)).astype(np.float64),
            "confidence": confidence,
        }
    )
