import numpy as np
import pandas as pd
import pytest

from kaidan.features.windows import (
    deviation,
    highest,
    lowest,
    mean,
    mean_distance,
    shifted,
    slope,
    total,
    unchanged,
    weighted_mean,
)

VALUES = np.random.default_rng(0).normal(100.0, 5.0, 60)
WEIGHTS = np.random.default_rng(1).uniform(0.0, 2.0, 60)


def over_windows(n, function, *columns):
    result = np.full(len(columns[0]), np.nan)
    for t in range(n - 1, len(result)):
        result[t] = function(*(column[t - n + 1 : t + 1] for column in columns))
    return result


@pytest.mark.parametrize("n", [1, 7, 60])
def test_each_window_is_what_a_loop_over_it_gives(n):
    np.testing.assert_allclose(total(VALUES, n), over_windows(n, np.sum, VALUES))
    np.testing.assert_allclose(mean(VALUES, n), over_windows(n, np.mean, VALUES))
    np.testing.assert_allclose(
        deviation(VALUES, n, ddof=0), over_windows(n, np.std, VALUES), atol=1e-13
    )
    np.testing.assert_allclose(
        weighted_mean(VALUES, WEIGHTS, n),
        over_windows(n, lambda v, w: np.average(v, weights=w), VALUES, WEIGHTS),
    )


@pytest.mark.parametrize("n", [1, 7, 60])
def test_extremes_and_mean_distances_are_what_a_loop_gives(n):
    np.testing.assert_array_equal(highest(VALUES, n), over_windows(n, np.max, VALUES))
    np.testing.assert_array_equal(lowest(VALUES, n), over_windows(n, np.min, VALUES))
    np.testing.assert_allclose(
        mean_distance(VALUES, n),
        over_windows(n, lambda v: np.abs(v - v.mean()).mean(), VALUES),
        atol=1e-13,
    )


def test_sample_deviation_and_slope_are_the_textbook_ones():
    np.testing.assert_allclose(
        deviation(VALUES, 9, ddof=1), pd.Series(VALUES).rolling(9).std().to_numpy()
    )
    np.testing.assert_allclose(
        slope(VALUES, 9), over_windows(9, lambda v: np.polyfit(range(9), v, 1)[0], VALUES)
    )


def test_a_history_shorter_than_the_window_is_all_nan():
    short = VALUES[:5]
    for column in (
        total(short, 6),
        mean(short, 6),
        deviation(short, 6, ddof=0),
        slope(short, 6),
        mean_distance(short, 6),
        highest(short, 6),
        lowest(short, 6),
        weighted_mean(short, WEIGHTS[:5], 6),
        shifted(short, 6),
    ):
        assert np.isnan(column).all()
        assert len(column) == 5


def test_a_flat_window_is_exactly_flat_whatever_came_before():
    values = np.concatenate([VALUES * 1e11, np.full(30, 1e7 / 3.0)])
    last = slice(-5, None)
    assert (mean(values, 20)[last] == 1e7 / 3.0).all()
    assert (deviation(values, 20, ddof=0)[last] == 0.0).all()
    assert (slope(values, 20)[last] == 0.0).all()
    assert (weighted_mean(values, np.full(90, 0.1), 20)[last] == 1e7 / 3.0).all()


def test_a_window_does_not_depend_on_where_the_history_begins():
    values = VALUES * 1e7
    for n in (7, 20):
        assert mean(values, n)[-1] == mean(values[-n:], n)[-1]
        assert deviation(values, n, ddof=1)[-1] == deviation(values[-n:], n, ddof=1)[-1]
        assert total(values, n)[-1] == total(values[-n:], n)[-1]
        assert mean_distance(values, n)[-1] == mean_distance(values[-n:], n)[-1]
        assert (
            weighted_mean(values, WEIGHTS, n)[-1]
            == (weighted_mean(values[-n:], WEIGHTS[-n:], n)[-1])
        )


def test_columns_of_a_table_may_have_gaps_in_memory():
    table = np.random.default_rng(2).normal(size=(60, 3))
    np.testing.assert_array_equal(mean(table[:, 1], 7), mean(table[:, 1].copy(), 7))
    np.testing.assert_array_equal(total(table[:, 1], 7), total(table[:, 1].copy(), 7))


def test_a_mean_without_any_weight_is_the_plain_mean():
    np.testing.assert_array_equal(weighted_mean(VALUES, np.zeros(60), 9), mean(VALUES, 9))


def test_unchanged_needs_as_many_changes_of_exactly_zero_as_asked_for():
    values = np.array([1.0, 2.0, 2.0, 2.0, 2.0, 3.0, 3.0])
    assert unchanged(values, 3).tolist() == [False, False, False, False, True, False, False]
    assert not unchanged(np.ones(3), 3).any()


def test_shifted_values_move_later():
    np.testing.assert_array_equal(shifted(np.array([1.0, 2.0, 3.0]), 1), [np.nan, 1.0, 2.0])
