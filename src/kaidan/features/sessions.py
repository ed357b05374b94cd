"""Time (features 50-57): when the bar closed, on the clock of each market's own city."""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from kaidan.features.ohlcv import Columns, Times

# Local opening and closing, in minutes of the day; zones keep daylight saving by themselves.
SESSIONS = {
    "is_asia_session": ("Asia/Tokyo", 9 * 60, 17 * 60),
    "is_europe_session": ("Europe/London", 8 * 60, 16 * 60 + 30),
    "is_us_session": ("America/New_York", 9 * 60 + 30, 16 * 60),
}
MINUTES_A_DAY = 24 * 60
HOUR_SECONDS = 3600
# 1970-01-01 was a Thursday, and weeks begin on Monday.
EPOCH_WEEKDAY = 3


def time_features(closed_at: Times) -> Columns:
    """Daily and weekly phase, weekend, and open sessions (start <= local time < end).

    Parameters
    ----------
    closed_at : int64 array of shape (n_bars,), epoch seconds, increasing
        Close times: a decision is made when the bar closes, not when it opens.
    """
    minutes = closed_at // 60
    day_phase = 2.0 * np.pi * (minutes % MINUTES_A_DAY) / MINUTES_A_DAY
    weekday = (minutes // MINUTES_A_DAY + EPOCH_WEEKDAY) % 7
    week_phase = 2.0 * np.pi * weekday / 7.0
    columns = {
        "hour_sin": np.sin(day_phase),
        "hour_cos": np.cos(day_phase),
        "day_sin": np.sin(week_phase),
        "day_cos": np.cos(week_phase),
        "is_weekend": (weekday >= 5).astype(np.float64),
    }
    # Clocks are put forward and back on the hour, so one look an hour is enough.
    hours = closed_at // HOUR_SECONDS
    is_first = np.ones(len(hours), dtype=np.bool_)
    is_first[1:] = hours[1:] != hours[:-1]
    starts, place = hours[is_first].tolist(), is_first.cumsum() - 1
    zones, opening, closing = zip(*SESSIONS.values(), strict=True)
    offsets = np.array([[_utc_offset_minutes(zone, hour) for hour in starts] for zone in zones])
    minute = (minutes + offsets[:, place]) % MINUTES_A_DAY
    is_open = (minute >= np.array([opening]).T) & (minute < np.array([closing]).T)
    return columns | dict(zip(SESSIONS, is_open.astype(np.float64), strict=True))


@lru_cache(maxsize=1024)
def _utc_offset_minutes(zone: str, hour: int) -> int:
    """Minutes that clocks in `zone` are ahead of UTC in the `hour` (since the epoch)."""
    seconds = hour * HOUR_SECONDS
    on_the_wall = datetime.fromtimestamp(seconds, ZoneInfo(zone)).replace(tzinfo=UTC)
    return (int(on_the_wall.timestamp()) - seconds) // 60
