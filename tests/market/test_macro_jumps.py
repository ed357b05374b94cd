import pandas as pd
import pytest

from kaidan.errors import DataError
from kaidan.market.macro import MACRO_COLUMNS
from kaidan.market.macro_jumps import believable


def days(*values, first="2024-01-01"):
    return pd.Series(values, index=pd.date_range(first, periods=len(values)), dtype="float64")


NOTHING = days()


@pytest.mark.parametrize(
    ("column", "usual", "possible", "impossible"),
    [
        ("usd_jpy", 150.0, 140.0, 15_000.0),
        ("nikkei_225", 35_000.0, 31_000.0, 3_500.0),
        ("us_10y_yield", 4.2, 3.7, -4.2),
        ("fear_greed_index", 50.0, 20.0, 115.0),
    ],
)
def test_a_bad_day_is_believed_and_a_lie_is_not(column, usual, possible, impossible):
    stored = days(usual, usual)
    assert believable(column, stored, days(usual, usual, possible)).iloc[-1] == possible
    with pytest.raises(DataError, match=f"{column}: .*more than a day can move") as caught:
        believable(column, stored, days(usual, usual, impossible))
    assert "\n" not in str(caught.value)


def test_two_years_of_real_values_are_all_believed(real_macro):
    for column in MACRO_COLUMNS:
        values = real_macro.set_index("date")[column].dropna()
        pd.testing.assert_series_equal(
            believable(column, NOTHING, values), values, check_names=False, check_freq=False
        )


def test_three_later_days_confirm_a_new_level():
    stored = days(150.0, 150.0)
    for later in ([], [75.0], [75.0, 76.0]):
        with pytest.raises(DataError, match="says 7"):
            believable("usd_jpy", stored, days(150.0, 150.0, 75.0, *later))
    merged = days(150.0, 150.0, 75.0, 75.0, 76.0, 75.0)
    assert believable("usd_jpy", stored, merged).tolist() == merged.tolist()


def test_a_single_lie_in_the_past_is_left_out_and_what_follows_is_not():
    merged = days(150.0, 150.0, 15_000.0, 151.0, 152.0)
    assert believable("usd_jpy", days(150.0), merged).tolist() == [150.0, 150.0, 151.0, 152.0]
    assert believable("usd_jpy", NOTHING, merged).tolist() == [150.0, 150.0, 151.0, 152.0]


def test_what_was_believed_outlives_a_revision_that_cannot_be_true():
    stored = days(150.0, 150.0, 150.0)
    assert believable("usd_jpy", stored, days(150.0, 150.0, 1.5, 151.0)).tolist() == [
        150.0,
        150.0,
        150.0,
        151.0,
    ]


def test_after_a_long_silence_any_level_is_believed():
    merged = pd.concat([days(150.0), days(75.0, first="2024-01-12")])
    assert believable("usd_jpy", days(150.0), merged).tolist() == [150.0, 75.0]


def test_without_a_stored_history_the_source_is_believed_from_its_start():
    merged = days(75.0, 75.0)
    assert believable("usd_jpy", NOTHING, merged).tolist() == [75.0, 75.0]
