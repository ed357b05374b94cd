"""Bars: closed OHLCV candles on a 15-minute UTC grid, checked before anything learns from them."""

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from kaidan.errors import DataError
from kaidan.market.bar import BAR_MINUTES, COLUMNS
from kaidan.market.door import Rule, enforce, number_columns
from kaidan.market.timestamps import time_values, utc_instants

BAR_LENGTH = pd.Timedelta(minutes=BAR_MINUTES)
_PRICES = list(COLUMNS[:4])


def check_bars(
    raw: pd.DataFrame, *, source: str = "bars", now: datetime | None = None
) -> pd.DataFrame:
    """Check raw bars and put them in the one form that kaidan works with.

    Parameters
    ----------
    raw : DataFrame with `timestamp` (bar open time; a column or the index) and `COLUMNS`
        Times with a zone, ISO strings with a zone, or epoch seconds or milliseconds. Other
        columns are dropped.
    source : str
        What to call the data in a message.
    now : datetime with a zone
        A bar that closes after it is refused. Default: the clock.

    Returns
    -------
    DataFrame of shape (n_bars, 5), float64
        Index `timestamp`, datetime64[ns, UTC], strictly increasing.

    Raises
    ------
    DataError
        The first thing that is wrong, and where.
    """
    numbers = number_columns(raw, COLUMNS, source)
    numbers.insert(0, "timestamp", utc_instants(time_values(raw, "timestamp", source), source))
    clock = pd.Timestamp(now if now is not None else datetime.now(UTC))
    enforce(numbers, (*_RULES, _closed_by(clock)), time="timestamp", source=source)
    return numbers.set_index("timestamp")


def require_bars(bars: pd.DataFrame, needed: int, *, why: str, source: str) -> None:
    """Refuse a history that is too short for what is about to be done with it.

    Raises
    ------
    DataError
        There are fewer than `needed` bars.
    """
    if len(bars) < needed:
        raise DataError(f"{source}: got {len(bars)} bars, need {needed} ({why}): pass more history")


def _step(frame: pd.DataFrame) -> pd.Timedelta:
    """Median distance between bars; one or two bars have none that could be wrong."""
    return pd.Timedelta(frame["timestamp"].diff().median()) if len(frame) > 2 else BAR_LENGTH


def _values(*names: str) -> Callable[[pd.DataFrame, int], str]:
    return lambda frame, row: ", ".join(f"{name} {frame[name].iloc[row]:.10g}" for name in names)


def _said(text: str) -> Callable[[pd.DataFrame, int], str]:
    return lambda _frame, _row: text


def _not_finite(frame: pd.DataFrame, row: int) -> str:
    values = frame[list(COLUMNS)].iloc[row]
    name = values.index[~np.isfinite(values.to_numpy())][0]
    return f"{name} is {values[name]}"


_RULES = (
    Rule(
        lambda f: ~f["timestamp"].duplicated(),
        _said("this time is there already"),
        "want each bar once: drop the duplicates",
    ),
    Rule(
        lambda f: ~(f["timestamp"].diff() < pd.Timedelta(0)),
        _said("earlier than the row before it"),
        "want bars sorted, oldest first: sort by timestamp",
    ),
    Rule(
        lambda f: pd.Series(_step(f) == BAR_LENGTH, index=f.index),
        lambda f, _row: f"bars are {_step(f) / pd.Timedelta(minutes=1):g} minutes apart",
        f"want {BAR_MINUTES}-minute bars: resample or fetch them again",
    ),
    Rule(
        lambda f: f["timestamp"].dt.floor(BAR_LENGTH) == f["timestamp"],
        _said(f"off the {BAR_MINUTES}-minute grid"),
        "want bar open times at :00, :15, :30 and :45: correct or drop them",
    ),
    Rule(
        lambda f: f[list(COLUMNS)].apply(np.isfinite).all(axis=1),
        _not_finite,
        "want a finite number: drop the row, a missing bar is better than an invented one",
    ),
    Rule(
        lambda f: (f[_PRICES] > 0).all(axis=1),
        _values(*_PRICES),
        "want prices above 0: correct or drop the row",
    ),
    Rule(
        lambda f: f["volume"] >= 0,
        _values("volume"),
        "want a volume of 0 or more: correct or drop the row",
    ),
    Rule(
        lambda f: f["high"] >= f["low"],
        _values("high", "low"),
        "want high at or above low: correct or drop the row",
    ),
    Rule(
        lambda f: f["open"].between(f["low"], f["high"]) & f["close"].between(f["low"], f["high"]),
        _values("open", "close", "low", "high"),
        "want open and close between low and high: correct or drop the row",
    ),
)


def _closed_by(clock: pd.Timestamp) -> Rule:
    return Rule(
        lambda f: f["timestamp"] + BAR_LENGTH <= clock,
        _said(f"this bar has not closed by {clock.isoformat(timespec='seconds')}"),
        "want closed bars only: drop the forming bar, or mend the clock or the time zone",
    )
