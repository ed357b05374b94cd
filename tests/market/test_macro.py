import numpy as np
import pandas as pd
import pytest

from kaidan.errors import DataError
from kaidan.market.macro import MACRO_COLUMNS, as_known, check_macro, known_at


def refused(raw, *parts):
    with pytest.raises(DataError) as caught:
        check_macro(raw, source="macro.csv")
    message = str(caught.value)
    assert "\n" not in message
    for part in ("macro.csv: ", *parts):
        assert part in message


def utc(*texts):
    return pd.DatetimeIndex(list(texts), tz="UTC")


def test_good_macro_series_come_out_in_the_one_form(raw_macro):
    macro = check_macro(raw_macro.assign(note="x"))
    assert tuple(macro.columns) == MACRO_COLUMNS
    assert macro.index.name == "date"
    assert str(macro.index.dtype) == "datetime64[ns]"
    pd.testing.assert_frame_equal(check_macro(macro), macro)


def test_real_macro_series_pass(real_macro):
    macro = check_macro(real_macro)
    assert macro.notna().sum().tolist() == [521, 513, 521, 761]


@pytest.mark.parametrize("column", MACRO_COLUMNS)
def test_a_missing_column_is_named(raw_macro, column):
    refused(raw_macro.drop(columns=column), f"missing {column};")


def test_a_missing_date_is_named(raw_macro):
    refused(raw_macro.drop(columns="date"), "missing date")


def test_a_duplicate_day_is_refused(raw_macro):
    refused(pd.concat([raw_macro, raw_macro.iloc[6:]]), "row 8", "this day is there already")


def test_unsorted_days_are_refused(raw_macro):
    refused(raw_macro.iloc[::-1], "row 2", "sort by date")


def test_text_where_a_number_belongs_is_shown(raw_macro):
    broken = raw_macro.astype({"usd_jpy": object})
    broken.loc[0, "usd_jpy"] = "."
    refused(broken, "row 1: usd_jpy is '.'")


def test_a_day_with_a_time_is_refused(raw_macro):
    refused(raw_macro.assign(date=raw_macro["date"] + pd.Timedelta(hours=9)), "want a calendar day")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("usd_jpy", 0.0),
        ("nikkei_225", -1.0),
        ("us_10y_yield", 42.0),
        ("fear_greed_index", 101.0),
        ("fear_greed_index", -1.0),
        ("usd_jpy", np.inf),
    ],
)
def test_an_implausible_value_is_refused(raw_macro, column, value):
    raw_macro.loc[3, column] = value
    refused(raw_macro, "row 4 (2024-01-04", f"{column} is {value:g}", "or an empty cell")


@pytest.mark.parametrize(
    ("column", "day", "known"),
    [
        ("usd_jpy", "2024-01-05", "2024-01-05T17:00"),
        ("nikkei_225", "2024-01-05", "2024-01-05T07:00"),
        ("fear_greed_index", "2024-01-06", "2024-01-06T00:00"),
        ("us_10y_yield", "2024-01-04", "2024-01-05T21:00"),
        ("us_10y_yield", "2024-01-05", "2024-01-08T21:00"),  # of a Friday: on Monday
        ("us_10y_yield", "2024-01-07", "2024-01-08T21:00"),
    ],
)
def test_a_value_is_known_when_it_is_out(column, day, known):
    assert known_at(pd.DatetimeIndex([day]), column).tolist() == utc(known).tolist()


def test_a_value_joins_from_the_minute_it_is_known(raw_macro):
    at = utc("2024-01-02T16:45", "2024-01-02T17:00", "2024-01-03T16:45", "2024-01-03T17:00")
    joined = as_known(check_macro(raw_macro), at, max_age_days=5)
    assert joined["usd_jpy"].tolist() == [141.0, 142.0, 142.0, 143.0]
    assert joined.index.equals(at)


def test_a_friday_yield_joins_on_monday_evening(raw_macro):
    at = utc("2024-01-05T20:45", "2024-01-05T21:00", "2024-01-08T20:45", "2024-01-08T21:00")
    joined = as_known(check_macro(raw_macro), at, max_age_days=5)
    assert joined["us_10y_yield"].tolist() == [4.2, 4.3, 4.3, 4.4]


def test_before_the_first_known_value_there_is_none(raw_macro):
    joined = as_known(check_macro(raw_macro), utc("2024-01-01T06:45"), max_age_days=5)
    assert joined.loc[joined.index[0], ["usd_jpy", "nikkei_225", "us_10y_yield"]].isna().all()
    assert joined["fear_greed_index"].tolist() == [60.0]


def test_a_value_is_stale_once_it_is_older_than_five_days(raw_macro):
    at = utc("2024-01-10T17:00", "2024-01-10T17:15")  # the last one was known on the 5th, 17:00
    joined = as_known(check_macro(raw_macro), at, max_age_days=5)
    assert joined["usd_jpy"].iloc[0] == 145.0
    assert np.isnan(joined["usd_jpy"].iloc[1])


def test_a_missing_value_leaves_the_one_before_it(raw_macro):
    raw_macro.loc[3, "fear_greed_index"] = np.nan
    joined = as_known(check_macro(raw_macro), utc("2024-01-04T12:00"), max_age_days=5)
    assert joined["fear_greed_index"].tolist() == [62.0]


def test_a_series_without_any_value_is_missing_alone(raw_macro):
    joined = as_known(
        check_macro(raw_macro.assign(nikkei_225=np.nan)), utc("2024-01-04T12:00"), max_age_days=5
    )
    assert joined.isna().iloc[0].tolist() == [False, True, False, False]


def test_no_later_value_changes_what_was_known(real_macro):
    macro = check_macro(real_macro)
    at = pd.date_range("2023-03-01", "2023-03-20", freq="15min", tz="UTC")
    changed = macro.copy()
    changed.loc["2023-03-21":] *= 1.5
    pd.testing.assert_frame_equal(as_known(changed, at, 5), as_known(macro, at, 5))
