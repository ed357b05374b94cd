from datetime import UTC, date, datetime, timedelta, timezone

import pandas as pd
import pytest

from kaidan.errors import DataError
from kaidan.market.timestamps import calendar_days, time_values, utc_instants

WANTED = pd.date_range("2024-01-01", periods=3, freq="15min", tz="UTC", unit="ns")
TOKYO = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(WANTED),
        pd.Series(WANTED.tz_convert("Asia/Tokyo")),
        pd.Series(WANTED.as_unit("s")),
        pd.Series(["2024-01-01T00:00Z", "2024-01-01T00:15Z", "2024-01-01T00:30Z"]),
        pd.Series(["2024-01-01 09:00:00+09:00", "2024-01-01 09:15+0900", "2024-01-01 09:30+09:00"]),
        pd.Series(["2024-01-01T00:00:00.000Z", "2024-01-01T00:15Z", "2024-01-01T00:30:00+00:00"]),
        pd.Series([datetime(2024, 1, 1, 9, minute, tzinfo=TOKYO) for minute in (0, 15, 30)]),
        pd.Series(
            [datetime(2024, 1, 1, 0, minute, tzinfo=UTC) for minute in (0, 15, 30)], dtype=object
        ),
        pd.Series([1_704_067_200, 1_704_068_100, 1_704_069_000]),
        pd.Series([1_704_067_200.0, 1_704_068_100.0, 1_704_069_000.0]),
        pd.Series([1_704_067_200_000, 1_704_068_100_000, 1_704_069_000_000]),
    ],
)
def test_every_accepted_spelling_is_the_same_instant(values):
    instants = utc_instants(values, "test")
    assert str(instants.dtype) == "datetime64[ns, UTC]"
    assert list(instants) == list(WANTED)


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(WANTED.tz_localize(None)),
        pd.Series(["2024-01-01T00:00", "2024-01-01T00:15"]),
        pd.Series(["2024-01-01", "2024-01-02"]),
        pd.Series([datetime(2024, 1, 1)], dtype=object),
    ],
)
def test_a_naive_time_is_refused(values):
    with pytest.raises(DataError, match=r"row 1: the time 2024-01-01.* has no zone, and none is"):
        utc_instants(values, "test")


@pytest.mark.parametrize(
    "second", ["2024-01-01T09:15+09:00", "2024-01-01T00:15", "2024-01-01T00:15-00:30"]
)
def test_mixed_zones_are_refused(second):
    with pytest.raises(DataError, match=r"row 2: the time .* is in another zone .*in UTC"):
        utc_instants(pd.Series(["2024-01-01T00:00Z", second]), "test")


@pytest.mark.parametrize(
    "text", ["yesterday", "2024-13-01T00:00Z", "31/01/2024 00:00Z", "20240101", "1600-01-01T00:00Z"]
)
def test_what_is_not_a_time_is_shown(text):
    with pytest.raises(DataError, match=r"row 2: '.*' is not a time; want ISO with a zone"):
        utc_instants(pd.Series(["2024-01-01T00:00Z", text]), "test")


@pytest.mark.parametrize("values", [[1_704_067_200, 1_704_067_200_000], [1, 2], [1.7e18, 1.7e18]])
def test_numbers_that_are_no_epoch_are_refused(values):
    with pytest.raises(DataError, match="want epoch seconds or epoch milliseconds"):
        utc_instants(pd.Series(values), "test")


@pytest.mark.parametrize("values", [[1_704_067_200, None], ["2024-01-01T00:00Z", None]])
def test_a_row_without_time_is_refused(values):
    with pytest.raises(DataError, match="row 2 has no time"):
        utc_instants(pd.Series(values), "test")


def test_the_index_serves_when_there_is_no_column():
    frame = pd.DataFrame({"close": [1.0, 2.0, 3.0]}, index=WANTED)
    assert list(time_values(frame, "timestamp", "test")) == list(WANTED)


def test_a_column_of_the_name_wins_over_the_index():
    frame = pd.DataFrame({"timestamp": [5, 6, 7]}, index=WANTED)
    assert list(time_values(frame, "timestamp", "test")) == [5, 6, 7]


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(pd.date_range("2024-01-01", periods=2)),
        pd.Series(["2024-01-01", "2024-01-02"]),
        pd.Series(["2024-01-01 00:00:00", "2024-01-02T00:00"]),
        pd.Series([date(2024, 1, 1), date(2024, 1, 2)]),
    ],
)
def test_every_accepted_spelling_is_the_same_day(values):
    days = calendar_days(values, "test")
    assert str(days.dtype) == "datetime64[ns]"
    assert list(days) == [pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-02")]


@pytest.mark.parametrize(
    "value",
    [
        "2024-01-01T09:00",
        "2024-01-01T00:00Z",
        "2024-02-30",
        1_704_067_200,
        pd.Timestamp("2024-01-01", tz="UTC"),
    ],
)
def test_what_is_not_a_calendar_day_is_refused(value):
    with pytest.raises(DataError, match=r"row 1: date is .*want a calendar day"):
        calendar_days(pd.Series([value]), "test")
