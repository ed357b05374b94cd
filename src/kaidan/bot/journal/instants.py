"""Instants as the journal keeps them: whole numbers, which sort and lose nothing."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_MICROSECOND = timedelta(microseconds=1)


def seconds(time: datetime) -> int:
    """Whole seconds since the epoch, of a time with a zone."""
    return (time - _EPOCH) // _SECOND


def microseconds(time: datetime) -> int:
    """Whole microseconds since the epoch, of a time with a zone."""
    return (time - _EPOCH) // _MICROSECOND


def from_seconds(number: int) -> datetime:
    """The other way round, in UTC."""
    return _EPOCH + number * _SECOND


def from_microseconds(number: int) -> datetime:
    """The other way round, in UTC."""
    return _EPOCH + number * _MICROSECOND
