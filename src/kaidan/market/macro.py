"""Macro series: checked at the door, and joined by when a value was known, not by its date."""

import numpy as np
import pandas as pd

from kaidan.market import known_macro
from kaidan.market.door import Rule, enforce, number_columns
from kaidan.market.timestamps import calendar_days, time_values

MACRO_COLUMNS = known_macro.MACRO_COLUMNS

# Outside of these a value is a mistake of the source (0 for "no answer", a yield in tenths).
# A hundred times a value of our days is outside, however many days confirm it.
PLAUSIBLE = {
    "usd_jpy": (1.0, 10_000.0),
    "nikkei_225": (1.0, 1_000_000.0),
    "us_10y_yield": (-5.0, 30.0),
    "fear_greed_index": (0.0, 100.0),
}

_KNOWN_HOUR = {"usd_jpy": 17, "nikkei_225": 7, "us_10y_yield": 21, "fear_greed_index": 0}


def check_macro(raw: pd.DataFrame, *, source: str = "macro") -> pd.DataFrame:
    """Check raw macro series and put them in the one form that kaidan works with.

    Parameters
    ----------
    raw : DataFrame with `date` (a column or the index) and `MACRO_COLUMNS`
        One row a calendar day at most; an empty cell (NaN) where there is no value.
    source : str
        What to call the data in a message.

    Returns
    -------
    DataFrame of shape (n_days, 4), float64
        Index `date`, naive midnights, strictly increasing.

    Raises
    ------
    DataError
        The first thing that is wrong, and where.
    """
    numbers = number_columns(raw, MACRO_COLUMNS, source)
    numbers.insert(0, "date", calendar_days(time_values(raw, "date", source), source))
    enforce(numbers, _RULES, time="date", source=source)
    return numbers.set_index("date")


def known_at(macro_dates: pd.DatetimeIndex, column: str) -> pd.DatetimeIndex:
    """When the value of each day was known, in UTC.

    USD/JPY 17:00 on its day, the Nikkei 07:00 on its day, the US 10-year yield 21:00 on the next
    business day (Monday to Friday), fear & greed 00:00 on its day.

    Parameters
    ----------
    macro_dates : DatetimeIndex of naive midnights
    column : one of `MACRO_COLUMNS`
    """
    days = macro_dates.to_numpy().astype("datetime64[D]")
    if column == "us_10y_yield":
        days = np.busday_offset(days, 1, roll="backward")
    known = days.astype("datetime64[ns]") + np.timedelta64(_KNOWN_HOUR[column], "h")
    return pd.DatetimeIndex(known, tz="UTC")


def as_of(
    values: pd.Series, known: pd.DatetimeIndex, at: pd.DatetimeIndex, max_age_days: float
) -> pd.Series:
    """Last value known at or before each instant of `at`; NaN when there is none or it is stale.

    Parameters
    ----------
    values : Series of shape (n_days,)
        A missing value is skipped: the one before it stays the last.
    known : DatetimeIndex of shape (n_days,), UTC, not decreasing
    at : DatetimeIndex of shape (n,), UTC
    max_age_days : float
        A value known longer ago than this is stale.

    Returns
    -------
    Series of shape (n,), float64, on the index `at`
    """
    present = values.notna().to_numpy(dtype=bool)
    times, numbers = known[present], values.to_numpy(dtype="float64")[present]
    joined = np.full(len(at), np.nan)
    last = times.searchsorted(at, side="right") - 1
    row = np.flatnonzero(last >= 0)
    fresh = row[(at[row] - times[last[row]]) <= pd.Timedelta(days=max_age_days)]
    joined[fresh] = numbers[last[fresh]]
    return pd.Series(joined, index=at, name=values.name)


def as_known(macro: pd.DataFrame, at: pd.DatetimeIndex, max_age_days: float) -> pd.DataFrame:
    """Each macro series as it was known at each instant of `at`.

    Parameters
    ----------
    macro : DataFrame from `check_macro`, or some of its columns
    at : DatetimeIndex of shape (n,), UTC
    max_age_days : float
        A value known longer ago than this is stale, that is: missing.

    Returns
    -------
    DataFrame of shape (n, n_columns), float64, on the index `at`
    """
    days = pd.DatetimeIndex(macro.index)
    return pd.DataFrame(
        {
            str(column): as_of(values, known_at(days, str(column)), at, max_age_days)
            for column, values in macro.items()
        },
        index=at,
    )


def implausible(column: str, values: pd.Series) -> pd.Series:
    """Mark the values of `column` that cannot be true: infinite or out of range. NaN can be."""
    low, high = PLAUSIBLE[column]
    return values.notna() & ~values.between(low, high)


def _plausible(column: str) -> Rule:
    low, high = PLAUSIBLE[column]
    return Rule(
        lambda f: ~implausible(column, f[column]),
        lambda f, row: f"{column} is {f[column].iloc[row]:g}",
        f"want {low:g} to {high:g}, or an empty cell: correct it",
    )


_RULES = (
    Rule(
        lambda f: ~f["date"].duplicated(),
        lambda _f, _row: "this day is there already",
        "want each day once: drop the duplicates",
    ),
    Rule(
        lambda f: ~(f["date"].diff() < pd.Timedelta(0)),
        lambda _f, _row: "earlier than the row before it",
        "want days sorted, oldest first: sort by date",
    ),
    *(_plausible(column) for column in MACRO_COLUMNS),
)
