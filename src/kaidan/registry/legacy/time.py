"""When an old model was made, read from whatever its folder tells."""

import re
from datetime import UTC, datetime

_STAMP = re.compile(
    r"(?<!\d)(20\d\d)[-_]?([01]\d)[-_]?([0-3]\d)"
    r"(?:[-_T]?([0-2]\d)[-_]?([0-5]\d)(?:[-_]?([0-5]\d))?)?(?!\d)"
)
_FIRST = datetime(2009, 1, 3, tzinfo=UTC)  # before the first bitcoin, no bot traded one
_LAST = datetime(2100, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = 1e11  # as seconds that were in the year 5138


def stamp(name: str) -> datetime | None:
    """Date, and time if given, in the name of a file or folder; taken as UTC.

    Examples
    --------
    >>> stamp("production_ensemble_20250901_0310")
    datetime.datetime(2025, 9, 1, 3, 10, tzinfo=datetime.timezone.utc)
    >>> stamp("production_ensemble_57") is None
    True
    """
    for found in _STAMP.finditer(name):
        try:
            year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            continue
    return None


def without_stamp(stem: str) -> str:
    """A name without its dates, and without what joined them to it."""
    return _STAMP.sub("", stem).strip("._-")


def instant(value: object) -> datetime | None:
    """A moment as JSON files hold one, in UTC; None when it cannot be one.

    Parameters
    ----------
    value : object
        ISO 8601 (UTC where it names no zone), a stamp as in file names, or seconds or
        milliseconds since the epoch.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        found = _since_epoch(value)
    elif isinstance(value, str):
        found = _iso(value.strip()) or stamp(value)
    else:
        return None
    return found if found is not None and _FIRST <= found < _LAST else None


def _since_epoch(value: float) -> datetime | None:
    try:
        seconds = value / 1000 if value >= _MILLISECONDS_FROM else value
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _iso(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
