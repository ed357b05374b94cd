"""Times as people write them, to UTC instants or calendar days.

A zone is never guessed: nine hours off is the commonest mistake with Japanese market data.
"""

import pandas as pd

from kaidan.errors import DataError

_DAY = r"(?:19|20)\d{2}-\d{2}-\d{2}"
_SECONDS = (1e8, 1e10)  # 1973 to 2286
_MILLISECONDS = (1e11, 1e13)


def time_values(raw: pd.DataFrame, name: str, source: str) -> pd.Series:
    """Column `name` of `raw`, or its index when that is what holds the times.

    Raises
    ------
    DataError
        There is neither such a column nor such an index, or there are two such columns.
    """
    if list(raw.columns).count(name) > 1:
        raise DataError(f"{source}: {name} appears twice; want each column once: drop one")
    if name in raw.columns:
        values = raw[name]
    elif raw.index.name == name or isinstance(raw.index, pd.DatetimeIndex):
        values = raw.index.to_series()
    else:
        columns = ", ".join(str(column) for column in raw.columns) or "none"
        raise DataError(f"{source}: missing {name}; got the columns {columns}: rename or add it")
    return values.reset_index(drop=True)


def utc_instants(values: pd.Series, source: str) -> pd.Series:
    """Zone-aware datetimes, ISO strings with a zone, or epoch seconds or milliseconds, as UTC.

    Returns
    -------
    Series of datetime64[ns, UTC]

    Raises
    ------
    DataError
        A value is missing, naive or not a time, or the zones are mixed.
    """
    _refuse_missing(values, source)
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return pd.Series(values.dt.tz_convert("UTC").dt.as_unit("ns"))
    if pd.api.types.is_datetime64_dtype(values.dtype):
        raise _naive(values.iloc[0], 0, source)
    if pd.api.types.is_numeric_dtype(values.dtype):
        return _from_epoch(values.astype("float64"), source)
    return _from_text(values.astype("str"), source)


def calendar_days(values: pd.Series, source: str) -> pd.Series:
    """Dates, or naive datetimes at midnight, or ISO dates, as naive midnights.

    Returns
    -------
    Series of datetime64[ns]

    Raises
    ------
    DataError
        A value is missing, or is not a calendar day.
    """
    _refuse_missing(values, source)
    text = values.astype("str")
    plain = text.str.fullmatch(rf"{_DAY}([ T]00:00(:00(\.0+)?)?)?")
    days = pd.to_datetime(text.str.slice(0, 10), format="%Y-%m-%d", errors="coerce")
    wrong = (~plain | days.isna()).to_numpy(dtype=bool)
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"{source}: row {row + 1}: date is {text.iloc[row]!r}; want a calendar day without "
            "time or zone, like 2024-01-31"
        )
    return days.dt.as_unit("ns")


def _refuse_missing(values: pd.Series, source: str) -> None:
    missing = values.isna().to_numpy(dtype=bool)
    if missing.any():
        raise DataError(
            f"{source}: row {int(missing.argmax()) + 1} has no time; want one on every row: "
            "fill it in or drop the row"
        )


def _naive(value: object, row: int, source: str) -> DataError:
    return DataError(
        f"{source}: row {row + 1}: the time {value} has no zone, and none is guessed; "
        "write UTC times with Z, or epoch seconds"
    )


def _from_epoch(values: pd.Series, source: str) -> pd.Series:
    if values.between(*_SECONDS, inclusive="left").all():
        return pd.to_datetime(values, unit="s", utc=True).dt.as_unit("ns")
    if values.between(*_MILLISECONDS, inclusive="left").all():
        return pd.to_datetime(values, unit="ms", utc=True).dt.as_unit("ns")
    raise DataError(
        f"{source}: the times run from {values.min():.15g} to {values.max():.15g}; want epoch "
        "seconds or epoch milliseconds, one of them throughout: convert them"
    )


def _from_text(text: pd.Series, source: str) -> pd.Series:
    shaped = text.str.match(rf"{_DAY}([ T]|$)").to_numpy(dtype=bool)
    instants = pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce")
    wrong = ~shaped | instants.isna().to_numpy(dtype=bool)
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"{source}: row {row + 1}: {text.iloc[row]!r} is not a time; want ISO with a zone, "
            "like 2024-01-31T09:15Z, or epoch seconds"
        )
    zones = text.str.extract(r"[ T].*?(Z|[+-]\d{2}:?\d{2})$", expand=False)
    zones = zones.replace("Z", "+00:00").str.replace(":", "")
    naive = zones.isna().to_numpy(dtype=bool)
    if naive.all():
        raise _naive(text.iloc[0], 0, source)
    other = naive | (zones != zones.dropna().iloc[0]).to_numpy(dtype=bool)
    if other.any():
        row = int(other.argmax())
        raise DataError(
            f"{source}: row {row + 1}: the time {text.iloc[row]} is in another zone than the rows "
            "before it; want one zone throughout: write all times in UTC"
        )
    return instants.dt.as_unit("ns")
