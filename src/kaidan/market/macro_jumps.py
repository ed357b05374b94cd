"""Whether a new macro value can be true beside those before it.

A range alone lets a lying source through: a Nikkei of 330,000 is a number like another, and the
models would answer as if the world had ended.
"""

from types import MappingProxyType

import pandas as pd

from kaidan.errors import DataError

# What a series may move from one value to the next: about twice its worst day. The yen moved 8 %
# in October 1998, the Nikkei 15 % in October 1987, the yield half a point in March 2009, and
# fear & greed 28 points in August 2024.
_MOST_SHARE = MappingProxyType({"usd_jpy": 0.15, "nikkei_225": 0.30})
_MOST_POINTS = MappingProxyType({"us_10y_yield": 1.0, "fear_greed_index": 60.0})
_COMPARED = pd.Timedelta(days=10)  # holidays included; across a longer silence anything may move
_CONFIRMATIONS = 3


def believable(column: str, stored: pd.Series, merged: pd.Series) -> pd.Series:
    """`merged` without the new values that do not go with the ones before them.

    Such a value is believed when the next three stay with it: then the world has changed, and not
    the source. Where the stored history is deleted, the source is believed from its start.

    Parameters
    ----------
    column : one of `MACRO_COLUMNS`
    stored : Series of float64 by day
        Values that were believed before.
    merged : Series of float64 by day, increasing
        What is stored and what is new, the new winning.

    Raises
    ------
    DataError
        The newest value is not believed.
    """
    trusted = stored.to_dict()
    days, values = list(merged.index), merged.tolist()
    kept: dict[pd.Timestamp, float] = {}
    before: pd.Timestamp | None = None
    for row, (day, value) in enumerate(zip(days, values, strict=True)):
        after = values[row + 1 : row + 1 + _CONFIRMATIONS]
        if (
            trusted.get(day) != value
            and before is not None
            and day - before <= _COMPARED
            and not _near(column, kept[before], value)
            and not (len(after) == _CONFIRMATIONS and all(_near(column, value, v) for v in after))
        ):
            if row == len(days) - 1:
                raise DataError(
                    f"{column}: the source says {value:g} for {day:%Y-%m-%d} after "
                    f"{kept[before]:g} for {before:%Y-%m-%d}, more than a day can move; it is left "
                    f"out until {_CONFIRMATIONS} later days confirm it: if it is true, delete the "
                    "stored history"
                )
            if day not in trusted:
                continue
            value = trusted[day]  # noqa: PLW2901  what was believed outlives a doubtful revision
        kept[day] = value
        before = day
    return pd.Series(kept, dtype="float64")


def _near(column: str, before: float, value: float) -> bool:
    if column in _MOST_SHARE:
        return abs(value / before - 1) <= _MOST_SHARE[column]
    return abs(value - before) <= _MOST_POINTS[column]
