import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kaidan.artifact.thresholds import floor_to_float32

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
