"""`--data` and `--macro`: from what a user writes to checked bars and macro series."""

import hashlib
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from kaidan.errors import DataError, UsageError
from kaidan.market.bar import BARS_PER_DAY
from kaidan.market.exchange import fetch_bars
from kaidan.market.files import read_bars, read_macro
from kaidan.market.live_macro import fetch_macro
from kaidan.market.sample import sample_bars
from kaidan.market.sample_macro import sample_macro

_log = logging.getLogger(__name__)


def load_bars(
    uri: str,
    *,
    days: int | None,
    home: Path,
    extra_bars: int = 0,
    now: datetime | None = None,
    on_page: Callable[[float], None] | None = None,
) -> pd.DataFrame:
    """Bars of `uri`: the last `days` days of the data, whatever the clock says.

    Parameters
    ----------
    uri : `sample`, the path of a CSV or Parquet file, or `exchange:NAME/BASE_QUOTE`
    days : int, optional
        Counted back from the last bar; fewer when the data has fewer. None: all of it.
    home : Path
        Where the history of an exchange is kept.
    extra_bars : int
        Warm-up to keep before those days, as far as the data has it.
    now : datetime with a zone
        Default: the clock.
    on_page : function of the share done (0 to 1), optional
        Called after each page that an exchange answers.

    Raises
    ------
    UsageError
        `uri` has an unknown scheme, `days` is below 1, or an exchange is asked without `days`.
    DataError
        The data cannot be had or is not fit to learn from.
    """
    if days is not None and days < 1:
        raise UsageError(f"days is {days}; want 1 or more")
    bars = _all_bars(uri, days, home, extra_bars, now, on_page)
    if days is None:
        return bars
    first = bars.index.searchsorted(bars.index[-1] - pd.Timedelta(days=days), side="right")
    return bars.iloc[max(0, int(first) - extra_bars) :]


def load_macro(
    uri: str, *, bars_uri: str, home: Path, now: datetime | None = None
) -> pd.DataFrame | None:
    """Macro series of `uri`, or None when there are none.

    Parameters
    ----------
    uri : `sample`, `live`, the path of a CSV or Parquet file, or empty
        Empty means none, save for the bars of `sample`: they carry macro series of their own.
    bars_uri : str
        What the bars are loaded from.
    home : Path
        Where the history of the live sources is kept.
    now : datetime with a zone
        Default: the clock.

    Raises
    ------
    UsageError
        `uri` has an unknown scheme.
    DataError
        The data cannot be had or is not fit to learn from.
    """
    if uri == "sample" or (not uri and bars_uri == "sample"):
        return sample_macro()
    if not uri:
        return None
    if uri == "live":
        live = fetch_macro(home / "macro", now=now or datetime.now(UTC))
        for column, failure in live.failures.items():
            _log.warning("macro %s is not refreshed: %s", column, failure)
        # Every source down and no history yet: no macro data, and the ladder steps down.
        return None if live.frame.empty else live.frame
    return read_macro(_path(uri, "sample, live or a CSV or Parquet file"))


def data_sha256(bars: pd.DataFrame, macro: pd.DataFrame | None) -> str:
    """Hash of the values that a run learns from, the same on every platform and file format."""
    digest = hashlib.sha256()
    for frame in (bars,) if macro is None else (bars, macro):
        times = pd.DatetimeIndex(frame.index).as_unit("ns").asi8
        values = frame.to_numpy(dtype="<f8") + 0.0  # -0.0 and 0.0 are one value
        values[np.isnan(values)] = np.nan  # and so are all NaN
        digest.update(f"{','.join(frame.columns)}:{len(frame)};".encode())
        digest.update(times.astype("<i8").tobytes())
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _all_bars(
    uri: str,
    days: int | None,
    home: Path,
    extra_bars: int,
    now: datetime | None,
    on_page: Callable[[float], None] | None,
) -> pd.DataFrame:
    if uri == "sample":
        return sample_bars()
    if uri.startswith("exchange:"):
        if days is None:
            raise UsageError(f"{uri} has no beginning; say how many days of it are wanted")
        return fetch_bars(
            uri.removeprefix("exchange:"),
            home=home,
            days=days + -(-extra_bars // BARS_PER_DAY),
            now=now or datetime.now(UTC),
            on_page=on_page,
        )
    return read_bars(_path(uri, "sample, a CSV or Parquet file, or exchange:NAME"), now=now)


def _path(uri: str, wanted: str) -> Path:
    path = Path(uri)
    if not path.exists():
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", uri):  # two letters or more: not a Windows drive
            raise UsageError(f"{uri}: unknown kind of source; want {wanted}")
        raise DataError(f"{uri}: no such file; want {wanted}")
    return path
