"""Bars are parted by the calendar; a part too short to say anything joins its neighbour."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaidan.evaluation.plots.time_axis import calendar_parts


def bars(start: str, n: int) -> pd.DatetimeIndex:
    return pd.date_range(start, periods=n, freq="15min", tz="UTC")


def test_a_month_begins_on_its_first_day_at_midnight_utc() -> None:
    times = bars("2025-01-30 00:00", 5 * 96)
    assert calendar_parts(times, "month", min_rows=1) == [slice(0, 192), slice(192, 480)]
    tokyo = times.tz_convert("Asia/Tokyo")
    assert calendar_parts(tokyo, "month", min_rows=1) == [slice(0, 192), slice(192, 480)]


def test_a_week_begins_on_monday() -> None:
    times = bars("2025-01-04 00:00", 3 * 96)  # a Saturday
    assert calendar_parts(times, "week", min_rows=1) == [slice(0, 192), slice(192, 288)]


@pytest.mark.parametrize(
    ("start", "days", "wanted"),
    [
        ("2025-01-30", 30, [slice(0, 30 * 96)]),  # 2 days of January join February
        ("2025-01-01", 33, [slice(0, 33 * 96)]),  # 2 days of February join January
        ("2025-01-30", 3, [slice(0, 3 * 96)]),  # too short altogether
        ("2025-01-20", 20, [slice(0, 12 * 96), slice(12 * 96, 20 * 96)]),
    ],
)
def test_a_short_part_joins_its_neighbour(start: str, days: int, wanted: list[slice]) -> None:
    assert calendar_parts(bars(start, days * 96), "month", min_rows=7 * 96) == wanted


@given(
    gaps=st.lists(st.integers(1, 40), min_size=1, max_size=60),
    min_rows=st.integers(1, 12),
)
def test_parts_are_all_rows_and_none_is_short(gaps: list[int], min_rows: int) -> None:
    times = pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(np.cumsum(gaps), unit="D")
    parts = calendar_parts(times, "month", min_rows=min_rows)
    rows = np.concatenate([np.arange(len(times))[part] for part in parts])
    assert rows.tolist() == list(range(len(times)))
    assert len(parts) == 1 or min(p.stop - p.start for p in parts) >= min_rows
