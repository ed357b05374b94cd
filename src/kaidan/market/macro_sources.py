"""What each public source of macro series answers, read into one value per calendar day."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any

import numpy as np
import pandas as pd

from kaidan.errors import DataError
from kaidan.market.macro import implausible

_ATTEMPTS = 2
_SLACK_SECONDS = 1.0
_MAX_BYTES = 20_000_000


def get_json(url: str, timeout_seconds: float) -> Any:
    """Answer of a GET request, decoded; a failure is tried once more.

    Raises
    ------
    DataError
        No answer in time, an HTTP error, or something other than JSON, twice.
    """
    request = urllib.request.Request(  # noqa: S310  the address is configured, not user input
        url, headers={"User-Agent": "Mozilla/5.0 (compatible; kaidan)"}
    )
    failure: Exception | None = None
    for _attempt in range(_ATTEMPTS):
        try:
            with urllib.request.urlopen(request, timeout=timeout_seconds) as answer:  # noqa: S310
                return json.loads(answer.read(_MAX_BYTES))
        except urllib.error.HTTPError as error:
            failure = error
            error.close()
        except (OSError, HTTPException, ValueError) as error:
            failure = error
    raise DataError(f"{url}: {_reason(failure)}; want JSON: try later") from failure


def get_all(addresses: Mapping[str, str], timeout_seconds: float) -> dict[str, Any]:
    """Answers of `get_json` by name, asked for at once; a DataError in place of a failed one.

    A server that trickles keeps a time-out from ever passing, so who is not done when two
    time-outs are over is left behind, alone.
    """
    answers: dict[str, Any] = {
        name: DataError(f"{url}: still answering after {timeout_seconds:g} s, twice: try later")
        for name, url in addresses.items()
    }

    def fetch(name: str) -> None:
        try:
            answers[name] = get_json(addresses[name], timeout_seconds)
        except DataError as error:
            answers[name] = error

    threads = [threading.Thread(target=fetch, args=(name,), daemon=True) for name in addresses]
    deadline = time.monotonic() + _ATTEMPTS * timeout_seconds + _SLACK_SECONDS
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return dict(answers)


def read_series(column: str, answer: Any) -> pd.Series:
    """Read the values of one macro series out of its source's answer; all of them or none.

    A value of exactly 0 is refused like one out of range: sources send it for "no answer".

    Parameters
    ----------
    column : one of `MACRO_COLUMNS`
    answer : decoded JSON
        alternative.me's for `fear_greed_index`, a Yahoo chart for the others.

    Returns
    -------
    Series of float64 by naive midnight, without missing values

    Raises
    ------
    DataError
        The answer has another form, no values, or a value that cannot be true.
    """
    read = _fear_greed if column == "fear_greed_index" else _chart
    try:
        values = read(answer).dropna()
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise DataError(
            f"{column}: the answer has another form than expected ({_reason(error)}); try later"
        ) from error
    if values.empty:
        raise DataError(f"{column}: the answer has no values; want one a day: try later")
    wrong = values[implausible(column, values) | (values == 0)]
    if not wrong.empty:
        raise DataError(
            f"{column}: the source says {wrong.iloc[0]:g} for {wrong.index[0]:%Y-%m-%d}, "
            "which cannot be: try later"
        )
    return values


def _chart(answer: Any) -> pd.Series:
    """Daily closes, by the exchange's own calendar day."""
    result = answer["chart"]["result"][0]
    seconds = np.asarray(result["timestamp"], dtype="int64") + int(result["meta"]["gmtoffset"])
    closes = np.asarray(result["indicators"]["quote"][0]["close"], dtype="float64")
    return _by_day(closes, seconds)


def _fear_greed(answer: Any) -> pd.Series:
    """Daily index values, by UTC day."""
    entries = answer["data"]
    return _by_day(
        np.array([float(entry["value"]) for entry in entries]),
        np.array([int(entry["timestamp"]) for entry in entries]),
    )


def _by_day(values: np.ndarray[Any, Any], seconds: np.ndarray[Any, Any]) -> pd.Series:
    days = pd.DatetimeIndex(seconds.astype("datetime64[s]").astype("datetime64[D]")).as_unit("ns")
    series = pd.Series(values, index=days).sort_index(kind="stable")
    return series[~series.index.duplicated(keep="last")]


def _reason(failure: BaseException | None) -> str:
    return f"{type(failure).__name__}: {' '.join(str(failure).split())[:100]}"
