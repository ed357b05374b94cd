"""A market in which there is nothing to find: the null against which a judge is judged."""

import numpy as np
import pandas as pd

from kaidan.market.sample_candles import candles, sample_times
from kaidan.market.sample_process import BAR_VOLATILITY, student_shocks, volatility_and_drift


def walk_bars(days: int, *, seed: int, clustered: bool) -> pd.DataFrame:
    """Simulate a random walk of log prices, of the sample's average volatility.

    No past value tells which way the next one goes. With `clustered` volatility the past tells how
    far it may go, as in the sample; otherwise not even that.

    Parameters
    ----------
    days : int
    seed : int
    clustered : bool

    Returns
    -------
    DataFrame of shape (96 * days, 5)
        Bars that end with 2025.
    """
    rng = np.random.default_rng([seed, 3])
    times = sample_times(days)
    volatility = np.full(len(times), BAR_VOLATILITY)
    if clustered:
        volatility, _ = volatility_and_drift(rng, times)
    path = np.cumsum(volatility * student_shocks(rng, len(times)))
    return candles(rng, path, volatility, times)
