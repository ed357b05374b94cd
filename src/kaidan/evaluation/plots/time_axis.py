"""What figures over time have in common: whole weeks or months of bars, and an axis of dates."""

from itertools import pairwise
from typing import Literal

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes


def date_axis(axes: Axes) -> None:
    """Make x an axis of dates: as few words as name every tick, the year once."""
    locator = mdates.AutoDateLocator(minticks=4, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))
    axes.set_xlabel("time of the bar (UTC)")


def calendar_parts(
    times: pd.DatetimeIndex, unit: Literal["week", "month"], *, min_rows: int
) -> list[slice]:
    """Part rows in time order by calendar week (from Monday) or month, in UTC.

    Parameters
    ----------
    times : DatetimeIndex of shape (n_rows,)
    unit : {"week", "month"}
    min_rows : int
        A part with fewer is joined to the next one, at the end to the one before.

    Returns
    -------
    list of slice
        At least one; together they are all rows.
    """
    days = times.tz_convert("UTC").normalize()
    into = days.day_of_week if unit == "week" else days.day
    begins = days - pd.to_timedelta(into, unit="D")
    cuts = [0]
    for cut in np.flatnonzero(begins[1:] != begins[:-1]) + 1:
        if cut - cuts[-1] >= min_rows:
            cuts.append(int(cut))
    if len(cuts) > 1 and len(times) - cuts[-1] < min_rows:
        cuts.pop()
    return [slice(start, end) for start, end in pairwise([*cuts, len(times)])]
