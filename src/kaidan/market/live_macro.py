"""The source `--macro live`: four public series over HTTP, each with a history of its own.

A source fails alone. Its history stays and ages, and what is too old counts as missing later on.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from kaidan.errors import DataError
from kaidan.market.history import load_history, save_history
from kaidan.market.macro import MACRO_COLUMNS, known_at
from kaidan.market.macro_jumps import believable
from kaidan.market.macro_sources import get_all, read_series

CHART_URL = "https://query1.finance.yahoo.com/v8/finance/chart"
FEAR_GREED_URL = "https://api.alternative.me/fng/"
SYMBOLS = {"usd_jpy": "JPY=X", "nikkei_225": "^N225", "us_10y_yield": "^TNX"}
CACHE_AGE = timedelta(hours=24)


@dataclass(frozen=True)
class LiveMacro:
    """Macro series as far as they could be had.

    Parameters
    ----------
    frame : DataFrame of shape (n_days, 4)
        As `check_macro` returns it; a series that could not be had at all is NaN throughout.
    failures : dict of str to str
        Why a series was not refreshed, by column.
    """

    frame: pd.DataFrame
    failures: dict[str, str]


def fetch_macro(
    cache_dir: Path,
    *,
    now: datetime,
    chart_url: str = CHART_URL,
    fear_greed_url: str = FEAR_GREED_URL,
    timeout_seconds: float = 10.0,
    cache_age: timedelta = CACHE_AGE,
) -> LiveMacro:
    """Bring the local macro history up to date and return it.

    A source that answered within `cache_age` is not asked again. New days are added; of the days
    that are known already only the last one may be revised. A value that is not final at `now`
    (see `known_at`) is left out, as it was left out of what the models learnt from; so is one that
    no day can have moved to (see `believable`).

    Parameters
    ----------
    cache_dir : Path
        Holds one Parquet file per series.
    now : datetime with a zone
    chart_url, fear_greed_url : str
        A Yahoo-chart-compatible endpoint, and alternative.me's or one like it.
    timeout_seconds : float
        Per attempt; there are two.
    cache_age : timedelta
    """
    clock = pd.Timestamp(now)
    addresses = {
        column: f"{chart_url}/{quote(symbol)}?interval=1d&range=2y"
        for column, symbol in SYMBOLS.items()
    } | {"fear_greed_index": f"{fear_greed_url}?limit=0&format=json"}
    histories = {column: _empty_history() for column in MACRO_COLUMNS}
    failures: dict[str, str] = {}
    for column in MACRO_COLUMNS:
        try:
            stored = load_history(cache_dir / f"{column}.parquet")
            histories[column] = histories[column] if stored is None else stored
        except DataError as error:
            failures[column] = str(error)

    due = [
        column
        for column in MACRO_COLUMNS
        if column not in failures and _is_due(histories[column], clock, cache_age)
    ]
    answers = get_all({column: addresses[column] for column in due}, timeout_seconds)
    for column, answer in answers.items():
        try:
            if isinstance(answer, DataError):
                raise answer
            fetched = read_series(column, answer)
            histories[column] = _merge(histories[column], column, fetched, clock)
            save_history(histories[column], cache_dir / f"{column}.parquet")
        except DataError as error:
            failures[column] = str(error)
    frame = pd.DataFrame({column: histories[column]["value"] for column in MACRO_COLUMNS})
    return LiveMacro(frame=frame.sort_index().rename_axis(index="date"), failures=failures)


def _is_due(history: pd.DataFrame, now: pd.Timestamp, cache_age: timedelta) -> bool:
    if history.empty:
        return True
    fetched_at = history["fetched_at"].max()
    # A clock that was ahead once must not keep the source unasked until it is true.
    return bool(fetched_at > now or now - fetched_at >= cache_age)


def _merge(
    history: pd.DataFrame, column: str, fetched: pd.Series, now: pd.Timestamp
) -> pd.DataFrame:
    final = fetched[known_at(pd.DatetimeIndex(fetched.index), column) <= now]
    if final.empty:
        raise DataError(f"{column}: the source has no value that is final yet: try later")
    # Known days win, save for the last one; what the source no longer lists is kept.
    settled = history["value"].iloc[:-1]
    merged = settled.combine_first(final).combine_first(history["value"])
    values = believable(column, history["value"], merged)
    return pd.DataFrame({"value": values, "fetched_at": now})


def _empty_history() -> pd.DataFrame:
    return pd.DataFrame(
        {"value": pd.Series(dtype="float64"), "fetched_at": pd.Series(dtype="datetime64[ns, UTC]")},
        index=pd.DatetimeIndex([], dtype="datetime64[ns]"),
    )
