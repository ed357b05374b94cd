"""The rules of `market.bars` for one bar and without pandas.

A stream refuses what a file of bars may not hold.
"""

import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from kaidan.errors import DataError
from kaidan.market.bar import BAR_MINUTES, BAR_SECONDS, COLUMNS, Bar


class Rule(NamedTuple):
    """One thing that must hold for a bar; `values` are what a message shows of it."""

    holds: Callable[[Bar], bool]
    values: tuple[str, ...]
    wanted: str


_PRICES = COLUMNS[:4]
_RULES = (
    Rule(
        lambda bar: bar.time.tzinfo is not None,
        ("time",),
        "want a time with a zone: say in which zone it is",
    ),
    Rule(
        lambda bar: bar.time.timestamp() % BAR_SECONDS == 0.0,
        ("time",),
        f"want bar open times on the {BAR_MINUTES}-minute grid, at :00, :15, :30 and :45: correct "
        "or drop it",
    ),
    Rule(
        lambda bar: math.isfinite(sum(bar[1:])),
        COLUMNS,
        "want finite numbers: drop it, a missing bar is better than an invented one",
    ),
    Rule(lambda bar: min(bar[1:5]) > 0, _PRICES, "want prices above 0: correct or drop it"),
    Rule(lambda bar: bar.volume >= 0, ("volume",), "want a volume of 0 or more: correct it"),
    Rule(
        lambda bar: bar.high >= bar.low,
        ("high", "low"),
        "want high at or above low: correct or drop it",
    ),
    Rule(
        lambda bar: bar.low <= bar.open <= bar.high and bar.low <= bar.close <= bar.high,
        ("open", "close", "low", "high"),
        "want open and close between low and high: correct or drop it",
    ),
)


def require_sound(bar: Bar) -> None:
    """Refuse a bar that nothing may be computed from.

    Raises
    ------
    DataError
        The first thing that is wrong with it.
    """
    for rule in _RULES:
        if not rule.holds(bar):
            got = ", ".join(f"{name} {getattr(bar, name)}" for name in rule.values)
            raise DataError(f"bar {bar.time.isoformat()}: {got}; {rule.wanted}")


def as_bar(row: Iterable[float]) -> Bar:
    """Give a row of a history (open time in epoch seconds, then open to volume) as a bar.

    Raises
    ------
    DataError
        The first number is not a time.
    """
    seconds, *values = row
    try:
        return Bar(datetime.fromtimestamp(seconds, UTC), *values)
    except (ValueError, OverflowError, OSError) as error:
        raise DataError(
            f"history: got {seconds} for a time, want open times in epoch seconds: correct it"
        ) from error
