"""The embedded market: seeded, offline, realistic in shape, and with a signal planted in it.

It exists so that a newcomer sees a whole run in a minute, and so that tests know what a model
ought to find. It says nothing about any real market.
"""

import numpy as np
import pandas as pd

from kaidan.market.bar import BARS_PER_DAY
from kaidan.market.sample_candles import candles, sample_times
from kaidan.market.sample_macro import sample_macro
from kaidan.market.sample_process import (
    log_path,
    macro_lean,
    student_shocks,
    volatility_and_drift,
)

__all__ = ["sample_bars", "sample_macro"]

MISSING_BARS = (150, 5)  # days before the end, bars
FILLER_BARS = (100, 4)


def sample_bars(days: int = 400, *, seed: int = 7) -> pd.DataFrame:
    """Simulate `days` days of bars that end with 2025.

    Returns are fat-tailed shocks times a volatility that clusters, follows the hour and the
    weekend, and moves between calm, trending and turbulent regimes. The expected return of a bar
    leans on four documented constants of `sample_process`. Five bars are missing 150 days before
    the end, and four are zero-volume filler 100 days before it, where the history reaches so far.

    The last bars of a long history are not those of a short one: `--days N` on the sample is the
    tail of the 400 days.

    Parameters
    ----------
    days : int
    seed : int

    Returns
    -------
    DataFrame of shape (96 * days, 5), less the missing bars, as `check_bars` returns it
    """
    rng = np.random.default_rng([seed, 1])
    times = sample_times(days)
    volatility, drift = volatility_and_drift(rng, times)
    lean = drift + macro_lean(sample_macro(days, seed=seed), times)
    path = log_path(volatility, lean, student_shocks(rng, len(times)))
    return _with_faults(candles(rng, path, volatility, times))


def _with_faults(bars: pd.DataFrame) -> pd.DataFrame:
    filler, missing = _rows(bars, *FILLER_BARS), _rows(bars, *MISSING_BARS)
    if len(filler):
        last_close = bars["close"].iloc[len(bars) - FILLER_BARS[0] * BARS_PER_DAY - 1]
        bars.loc[filler] = (last_close, last_close, last_close, last_close, 0.0)
    return bars.drop(missing)


def _rows(bars: pd.DataFrame, days_before_end: int, count: int) -> pd.DatetimeIndex:
    """Find the times of `count` bars that far back; none when the history is shorter."""
    first = len(bars) - days_before_end * BARS_PER_DAY
    return pd.DatetimeIndex(bars.index[first : first + count] if first > 0 else [], tz="UTC")
