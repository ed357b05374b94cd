import lightgbm
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kaidan.artifact.thresholds import floor_thresholds, floor_to_float32
from tests.artifact.hard_members import COLUMNS, yen_rows

FLOAT32_MAX = float(np.finfo(np.float32).max)
finite = st.floats(allow_nan=False, allow_infinity=False)


@given(threshold=finite)
def test_a_floored_threshold_divides_float32_numbers_where_the_double_does(threshold):
    floored = floor_to_float32(np.array([threshold]))[0]
    up, down = np.float32(np.inf), np.float32(-np.inf)
    with np.errstate(over="ignore"):
        around = [floored, np.nextafter(floored, up), np.nextafter(floored, down)]
    for x in around:
        if np.isfinite(x):
            assert (x <= floored) == (float(x) <= threshold)


def test_a_threshold_that_float32_can_hold_stays():
    values = np.array([0.0, 0.5, 1e7 + 1, FLOAT32_MAX])
    assert floor_to_float32(values).tolist() == values.tolist()


def test_a_threshold_above_float32_becomes_the_largest_float32():
    assert floor_to_float32(np.array([1e300]))[0] == FLOAT32_MAX


def test_a_midpoint_between_neighbours_becomes_the_lower_one():
    assert floor_to_float32(np.array([10_000_001 + 0.5]))[0] == 10_000_001


def test_a_floored_booster_answers_as_before_on_float32_rows(estimators):
    booster = estimators["lightgbm"]
    rows = yen_rows(4_000, seed=1)[0][:, COLUMNS]
    floored = floor_thresholds(booster)
    np.testing.assert_array_equal(floored.predict(rows), booster.predict(rows))
    assert thresholds(floored).tolist() == thresholds(floored).astype(np.float32).tolist()
    assert thresholds(booster).tolist() != thresholds(booster).astype(np.float32).tolist()


def thresholds(booster: lightgbm.Booster) -> np.ndarray:
    column = booster.trees_to_dataframe()["threshold"]
    return column.dropna().to_numpy(dtype=np.float64)
