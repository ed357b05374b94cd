"""Macro series to go with the sample bars: weekends, holidays and an outage included."""

import numpy as np
import pandas as pd

from kaidan.market.macro import MACRO_COLUMNS

LAST_DAY = pd.Timestamp("2025-12-31")
LEAD_DAYS = 90  # before the first bar, so that 30 days of correlation exist from the start
OUTAGE = (60, 3)  # days before the end at which fear & greed goes missing, days
HOLIDAYS = ("01-01", "05-05", "07-04", "11-27", "12-25")  # month and day, for all three markets

# Level, daily noise and daily pull back to the level (a share of the distance).
_SERIES = {
    "usd_jpy": (150.0, 0.8, 0.02),
    "nikkei_225": (39_000.0, 450.0, 0.02),
    "us_10y_yield": (4.2, 0.05, 0.02),
    "fear_greed_index": (50.0, 10.0, 0.15),
}


def sample_macro(days: int = 400, *, seed: int = 7) -> pd.DataFrame:
    """Simulate macro series for `sample_bars(days, seed=seed)`.

    Each series is a random walk that is pulled back to a level. The first three have no value on
    weekends and holidays; fear & greed misses three days in a row.

    Parameters
    ----------
    days : int, of the bars; the series begin 90 days earlier
    seed : int

    Returns
    -------
    DataFrame of shape (days + 90, 4), as `check_macro` returns it
    """
    rng = np.random.default_rng([seed, 2])
    n = days + LEAD_DAYS
    dates = pd.date_range(end=LAST_DAY, periods=n, freq="D", unit="ns", name="date")
    frame = pd.DataFrame(
        {column: _pulled_walk(rng, n, *_SERIES[column]) for column in MACRO_COLUMNS}, index=dates
    )
    # The index is published in whole points between 0 and 100.
    frame["fear_greed_index"] = frame["fear_greed_index"].round().clip(5, 95)
    closed = (dates.day_of_week >= 5) | dates.strftime("%m-%d").isin(HOLIDAYS)
    frame.loc[closed, ["usd_jpy", "nikkei_225", "us_10y_yield"]] = np.nan
    before, length = OUTAGE
    frame.loc[dates[n - before : n - before + length], "fear_greed_index"] = np.nan
    return frame


def _pulled_walk(
    rng: np.random.Generator, n: int, level: float, noise: float, pull: float
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    distance, path = 0.0, []
    for shock in (noise * rng.standard_normal(n)).tolist():
        distance += shock - pull * distance
        path.append(level + distance)
    return np.round(path, 3)
