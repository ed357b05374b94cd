import numpy as np
import pytest
from scipy.stats import spearmanr

from kaidan.features.strategies.rank_correlation import FEW_WINDOWS, rank_correlation


@pytest.mark.parametrize("n", [2, 9, 26])
def test_it_is_spearmans_correlation_with_time(n):
    values = np.random.default_rng(4).normal(size=120).cumsum()
    result = rank_correlation(values, n)
    assert np.isnan(result[: n - 1]).all()
    for t in range(n - 1, len(values)):
        expected = 100 * spearmanr(np.arange(n), values[t - n + 1 : t + 1]).statistic
        assert result[t] == pytest.approx(expected, abs=1e-9)


def test_order_is_all_that_counts():
    assert rank_correlation(np.array([1.0, 5.0, 6.0, 900.0]), 4)[-1] == pytest.approx(100.0)
    assert rank_correlation(np.array([9.0, 5.0, 4.0, 1.0]), 4)[-1] == pytest.approx(-100.0)
    assert rank_correlation(np.full(9, 3.3), 9)[-1] == 0.0


def test_equal_values_share_their_rank():
    # Ranks 1, 2.5, 2.5, 4: covariance with time 0, 1, 2, 3 is 4.5 of the 5 of a full ranking.
    assert rank_correlation(np.array([1.0, 2.0, 2.0, 3.0]), 4)[-1] == pytest.approx(90.0)


def test_a_history_shorter_than_the_window_is_all_nan():
    assert np.isnan(rank_correlation(np.ones(5), 9)).all()


@pytest.mark.parametrize("n", [2, 9, 26])
def test_few_windows_give_what_many_do_to_the_last_digit(n):
    values = np.random.default_rng(5).normal(size=300).round(1).cumsum()
    many = rank_correlation(values, n)
    for few in (1, 2, 30, FEW_WINDOWS):
        tail = rank_correlation(values[-(n + few - 1) :], n)
        np.testing.assert_array_equal(tail[-few:], many[-few:])
