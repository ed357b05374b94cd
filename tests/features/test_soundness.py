import pandas as pd
import pytest

from kaidan.errors import DataError
from kaidan.features.soundness import as_bar, require_sound
from kaidan.market.bar import each_bar
from kaidan.market.bars import check_bars

VALUES = [float("nan"), float("inf"), -1.0, 0.0, 1e-9, 1.0, 29_000.0, 31_000.0, 1e9]


def refused(check):
    try:
        check()
    except DataError as error:
        return "\n" not in str(error)
    return False


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("name", ["open", "high", "low", "close", "volume"])
def test_a_bar_is_refused_exactly_where_a_file_with_it_is(make_bars, name, value):
    frame = make_bars(1)
    frame.loc[frame.index[0], name] = value
    bar = next(each_bar(frame))
    assert refused(lambda: require_sound(bar)) is refused(lambda: check_bars(frame))


def test_the_message_says_what_was_got_and_what_is_wanted(make_bars):
    bar = next(each_bar(make_bars(1)))._replace(volume=-3.0)
    with pytest.raises(DataError, match=r"bar 2024-01-01T00:00:00\+00:00: volume -3.0; want a vol"):
        require_sound(bar)


def test_a_time_in_another_zone_is_on_the_grid_too(make_bars):
    bar = next(each_bar(make_bars(1)))
    require_sound(bar._replace(time=pd.Timestamp(bar.time).tz_convert("Asia/Tokyo")))
    with pytest.raises(DataError, match="grid"):
        require_sound(bar._replace(time=bar.time.replace(microsecond=1)))


def test_a_row_of_a_history_is_a_bar_and_a_time_that_is_none_is_refused(make_bars):
    bar = next(each_bar(make_bars(1)))
    assert as_bar([bar.time.timestamp(), *bar[1:]]) == bar
    with pytest.raises(DataError, match="epoch seconds"):
        as_bar([float("nan"), 1.0, 1.0, 1.0, 1.0, 1.0])
