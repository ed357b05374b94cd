import math

import numpy as np
import pandas as pd
import pytest

from kaidan.features.sessions import SESSIONS, time_features


def at(time, name):
    closed_at = np.array([pd.Timestamp(time, tz="UTC").timestamp()], dtype=np.int64)
    return time_features(closed_at)[name][0]


@pytest.mark.parametrize(
    ("time", "is_open"),
    [
        ("2024-01-15 23:45", 0.0),  # 08:45 in Tokyo
        ("2024-01-16 00:00", 1.0),  # 09:00
        ("2024-01-16 07:45", 1.0),  # 16:45
        ("2024-01-16 08:00", 0.0),  # 17:00
    ],
)
def test_asia_opens_on_tokyo_time(time, is_open):
    assert at(time, "is_asia_session") == is_open


@pytest.mark.parametrize(
    ("time", "is_open"),
    [
        ("2024-03-29 08:00", 1.0),  # Friday before summer time: London is UTC
        ("2024-03-29 07:45", 0.0),
        ("2024-04-01 07:00", 1.0),  # Monday after it: 08:00 in London
        ("2024-04-01 06:45", 0.0),
        ("2024-04-01 15:15", 1.0),  # 16:15
        ("2024-04-01 15:30", 0.0),  # 16:30
        ("2024-10-28 16:15", 1.0),  # Monday after the return to winter time
        ("2024-10-28 07:00", 0.0),
    ],
)
def test_europe_keeps_londons_summer_time(time, is_open):
    assert at(time, "is_europe_session") == is_open


@pytest.mark.parametrize(
    ("time", "is_open"),
    [
        ("2024-03-08 14:30", 1.0),  # Friday before summer time: 09:30 in New York
        ("2024-03-08 14:15", 0.0),
        ("2024-03-11 13:30", 1.0),  # Monday after it
        ("2024-03-11 19:45", 1.0),  # 15:45
        ("2024-03-11 20:00", 0.0),  # 16:00
        ("2024-11-04 20:45", 1.0),  # winter again: 15:45
        ("2024-11-04 13:30", 0.0),
    ],
)
def test_the_us_session_keeps_new_yorks_summer_time(time, is_open):
    assert at(time, "is_us_session") == is_open


def test_the_hour_turns_once_a_day_by_the_minute():
    assert at("2024-01-15 00:00", "hour_cos") == 1.0
    assert at("2024-01-15 06:00", "hour_sin") == pytest.approx(1.0)
    quarter_past = 2 * math.pi * (13 * 60 + 15) / 1440
    assert at("2024-01-15 13:15", "hour_sin") == pytest.approx(math.sin(quarter_past))


def test_the_day_turns_once_a_week_from_monday():
    assert at("2024-01-15 12:00", "day_sin") == 0.0
    assert at("2024-01-18 12:00", "day_cos") == pytest.approx(math.cos(2 * math.pi * 3 / 7))


@pytest.mark.parametrize(
    ("time", "weekend"),
    [("2024-01-19 23:45", 0.0), ("2024-01-20 00:00", 1.0), ("2024-01-22 00:00", 0.0)],
)
def test_the_weekend_is_saturday_and_sunday_in_utc(time, weekend):
    assert at(time, "is_weekend") == weekend


def test_two_years_of_clocks_are_those_of_pandas():
    closed = pd.date_range("2023-01-01", "2024-12-31", freq="15min", tz="UTC", unit="s")
    columns = time_features(closed.asi8)
    for name, (zone, start, end) in SESSIONS.items():
        local = closed.tz_convert(zone)
        minute = local.hour * 60 + local.minute
        np.testing.assert_array_equal(columns[name], (start <= minute) & (minute < end))
    np.testing.assert_array_equal(columns["is_weekend"], closed.day_of_week >= 5)
