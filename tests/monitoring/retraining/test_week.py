"""A week of retraining begins on Sunday at 18:00 in Tokyo, by the close of the last bar."""

import pandas as pd
import pytest

from kaidan.monitoring.retraining.week import week_of


@pytest.mark.parametrize(
    ("opened", "week"),
    [
        ("2026-11-22 08:30", "2026-11-15"),  # closes at 17:45 on Sunday
        ("2026-11-22 08:45", "2026-11-22"),  # the last closed bar of a run at 18:00
        ("2026-11-23 00:00", "2026-11-22"),
        ("2026-11-29 08:30", "2026-11-22"),
        ("2027-01-01 12:00", "2026-12-27"),
    ],
)
def test_a_bar_is_of_the_week_in_which_it_closes(opened: str, week: str) -> None:
    assert week_of(pd.Timestamp(opened, tz="UTC")) == week


def test_every_bar_of_seven_days_from_the_beginning_is_of_one_week() -> None:
    bars = pd.date_range("2026-11-22 08:45", periods=7 * 96 + 1, freq="15min", tz="UTC")
    assert {week_of(bar) for bar in bars[:-1]} == {"2026-11-22"}
    assert week_of(bars[-1]) == "2026-11-29"
