"""Time (features 50-57): when the bar closed, on the clock of each market's own city."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from kaidan.features.ohlcv import Columns

# Local opening and closing, in minutes of the day; zones keep daylight saving by themselves.
SESSIONS = {
    "is_asia_session": ("Asia/Tokyo", 9 * 60, 17 * 60),
    "is_europe_session": ("Europe/London", 8 * 60, 16 * 60 + 30),
    "is_us_session": ("America/New_York", 9 * 60 + 30, 16 * 60),
}
MINUTES_A_DAY = 24 * 60


def time_features(closed_at: pd.DatetimeIndex) -> Columns:
    """Daily and weekly phase, weekend, and open sessions (start <= local time < end).

    Parameters
    ----------
    closed_at : DatetimeIndex of shape (n_bars,), UTC
        Close times: a decision is made when the bar closes, not when it opens.
    """
    day_phase = 2.0 * np.pi * _minute_of_day(closed_at) / MINUTES_A_DAY
    weekday = closed_at.day_of_week.to_numpy()
    week_phase = 2.0 * np.pi * weekday / 7.0
    columns = {
        "hour_sin": np.sin(day_phase),
        "hour_cos": np.cos(day_phase),
        "day_sin": np.sin(week_phase),
        "day_cos": np.cos(week_phase),
        "is_weekend": (weekday >= 5).astype(np.float64),
    }
    for name, (zone, start, end) in SESSIONS.items():
        minute = _minute_of_day(closed_at.tz_convert(zone))
        columns[name] = ((start <= minute) & (minute < end)).astype(np.float64)
    return columns


def _minute_of_day(times: pd.DatetimeIndex) -> npt.NDArray[np.int64]:
    return np.asarray(times.hour * 60 + times.minute, dtype=np.int64)
