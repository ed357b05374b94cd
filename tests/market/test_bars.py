import re
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kaidan.errors import DataError
from kaidan.market.bar import COLUMNS
from kaidan.market.bars import check_bars, require_bars
from kaidan.market.gaps import find_gaps


def refused(raw, *parts, **options):
    """The one line that `raw` is refused with; it must have each of `parts` in it."""
    with pytest.raises(DataError) as caught:
        check_bars(raw, source="test.csv", **options)
    message = str(caught.value)
    assert message.startswith("test.csv: ")
    assert "\n" not in message
    for part in parts:
        assert part in message
    return message


def test_good_bars_come_out_in_the_one_form(raw_bars):
    bars = check_bars(raw_bars)
    assert tuple(bars.columns) == COLUMNS
    assert bars.index.name == "timestamp"
    assert str(bars.index.dtype) == "datetime64[ns, UTC]"
    assert (bars.dtypes == "float64").all()
    pd.testing.assert_frame_equal(check_bars(bars), bars)


def test_extra_columns_are_dropped_and_column_order_does_not_matter(raw_bars):
    mixed = raw_bars[["close", "volume", "timestamp", "low", "high", "open"]].assign(trades=3)
    pd.testing.assert_frame_equal(check_bars(mixed), check_bars(raw_bars))


def test_the_input_is_left_as_it_was(raw_bars):
    before = raw_bars.copy()
    check_bars(raw_bars)
    pd.testing.assert_frame_equal(raw_bars, before)


def test_missing_columns_are_named(raw_bars):
    refused(raw_bars.drop(columns=["low", "close"]), "missing low, close", "rename or add")


def test_a_missing_timestamp_is_named(raw_bars):
    refused(raw_bars.drop(columns="timestamp"), "missing timestamp")


def test_a_column_that_is_there_twice_is_refused(raw_bars):
    refused(pd.concat([raw_bars, raw_bars[["close"]]], axis=1), "close appears twice")
    refused(pd.concat([raw_bars, raw_bars[["timestamp"]]], axis=1), "timestamp appears twice")


def test_an_empty_frame_is_refused(raw_bars):
    refused(raw_bars.iloc[:0], "no rows")


def test_text_where_a_number_belongs_is_shown(raw_bars):
    broken = raw_bars.astype({"close": object})
    broken.loc[3, "close"] = "n/a"
    refused(broken, "row 4", "close is 'n/a'", "want a number")


def test_a_duplicate_bar_is_refused(raw_bars):
    twice = pd.concat([raw_bars.iloc[:3], raw_bars.iloc[2:]])
    refused(twice, "row 4 (2024-01-01T00:30:00+00:00)", "there already", "drop the duplicates")


def test_unsorted_bars_are_refused(raw_bars):
    refused(raw_bars.iloc[::-1], "row 2", "earlier than the row before it", "sort by timestamp")


def test_hourly_bars_are_refused(raw_bars):
    hourly = raw_bars.assign(timestamp=pd.date_range("2024-01-01", periods=8, freq="h", tz="UTC"))
    refused(hourly, "bars are 60 minutes apart", "want 15-minute bars")


def test_five_minute_bars_are_refused_for_their_spacing(raw_bars):
    dense = raw_bars.assign(timestamp=pd.date_range("2024-01-01", periods=8, freq="5min", tz="UTC"))
    refused(dense, "bars are 5 minutes apart")


def test_a_bar_off_the_grid_is_refused(raw_bars):
    raw_bars.loc[5, "timestamp"] += pd.Timedelta(seconds=1)
    refused(raw_bars, "row 6 (2024-01-01T01:15:01+00:00)", "off the 15-minute grid")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_refused(raw_bars, value):
    raw_bars.loc[1, "volume"] = value
    refused(raw_bars, "row 2", f"volume is {value}", "want a finite number")


@pytest.mark.parametrize("price", [0.0, -5.0])
def test_a_price_that_is_not_positive_is_refused(raw_bars, price):
    raw_bars.loc[2, "low"] = price
    refused(raw_bars, "row 3", f"low {price:g}", "want prices above 0")


def test_a_negative_volume_is_refused(raw_bars):
    raw_bars.loc[2, "volume"] = -1.0
    refused(raw_bars, "row 3", "volume -1", "want a volume of 0 or more")


def test_high_below_low_is_refused_and_counted(raw_bars):
    raw_bars.loc[[4, 6], "high"] = 98.0
    refused(raw_bars, "row 5", "high 98, low 99", "(2 such rows)", "want high at or above low")


@pytest.mark.parametrize(("column", "value"), [("open", 98.0), ("close", 102.5)])
def test_open_and_close_outside_of_the_range_are_refused(raw_bars, column, value):
    raw_bars.loc[7, column] = value
    refused(raw_bars, "row 8", f"{column} {value:g}", "want open and close between low and high")


def test_a_bar_that_has_not_closed_is_refused(raw_bars):
    now = datetime(2024, 1, 1, 1, 59, 59, tzinfo=UTC)
    refused(raw_bars, "row 8", "has not closed by 2024-01-01T01:59:59", now=now)


def test_a_bar_that_closes_now_is_accepted(raw_bars):
    assert len(check_bars(raw_bars, now=datetime(2024, 1, 1, 2, tzinfo=UTC))) == 8


def test_a_bar_of_the_future_is_refused_by_the_clock(raw_bars):
    raw_bars["timestamp"] += pd.Timedelta(days=36_500)
    refused(raw_bars, "row 1", "(8 such rows)", "want closed bars only")


def test_a_short_history_is_refused_with_what_is_needed(raw_bars):
    wanted = re.escape(
        "test.csv: got 8 bars, need 9 (warm-up + minimum to train): pass more history"
    )
    with pytest.raises(DataError, match=wanted):
        require_bars(raw_bars, 9, why="warm-up + minimum to train", source="test.csv")


def test_a_history_that_is_just_long_enough_is_accepted(raw_bars):
    require_bars(raw_bars, 8, why="warm-up", source="test.csv")


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations(range(8)))
def test_any_shuffling_is_caught(raw_bars, order):
    shuffled = raw_bars.iloc[order]
    if list(order) == sorted(order):
        check_bars(shuffled)
    else:
        refused(shuffled, "sort by timestamp")


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(doubled=st.lists(st.integers(0, 7), min_size=1, max_size=4))
def test_any_duplication_is_caught(raw_bars, doubled):
    more = pd.concat([raw_bars, raw_bars.iloc[doubled]]).sort_values("timestamp")
    refused(more, "drop the duplicates")


@settings(max_examples=20, deadline=None)
@given(dropped=st.sets(st.integers(1, 98), max_size=30))
def test_any_dropped_bar_is_counted(dropped):
    raw = pd.DataFrame(
        {name: np.full(100, 5.0) for name in COLUMNS},
        index=pd.date_range("2024-01-01", periods=100, freq="15min", tz="UTC"),
    )
    assert find_gaps(check_bars(raw.drop(raw.index[list(dropped)]))).n_missing == len(dropped)


def test_real_bars_pass_unchanged(real_bars):
    bars = check_bars(real_bars)
    assert len(bars) == 70_176
    np.testing.assert_array_equal(bars.to_numpy(), real_bars[list(COLUMNS)].to_numpy())
