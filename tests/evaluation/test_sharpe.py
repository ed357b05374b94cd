"""A Sharpe ratio, its interval, and what is left of it after luck, against the paper's numbers."""

import math

import numpy as np
import pytest

from kaidan.evaluation.bootstrap import Interval
from kaidan.evaluation.sharpe import (
    annual_sharpe,
    daily_sharpe,
    deflated_sharpe,
    luckiest_sharpe,
    probability_above,
)

# The worked example of Bailey and Lopez de Prado (2014): five years of 250 days, an annualised
# ratio of 2.5, skewness -3, kurtosis 10, and 100 variants whose ratios vary by 1/2 a year.
PAPER = {"sharpe": 2.5 / math.sqrt(250), "n_returns": 1250, "skewness": -3.0, "kurtosis": 10.0}


def test_the_luckiest_of_100_variants_is_that_of_the_paper():
    assert luckiest_sharpe(100, 0.5 / 250) == pytest.approx(0.1132, abs=5e-5)


@pytest.mark.parametrize(("n_tried", "probability"), [(100, 0.9004), (46, 0.9505)])
def test_the_deflated_ratio_is_that_of_the_paper(n_tried, probability):
    found = probability_above(luckiest_sharpe(n_tried, 0.5 / 250), **PAPER)
    assert found == pytest.approx(probability, abs=5e-4)


def test_one_variant_is_compared_with_no_skill_at_all():
    assert luckiest_sharpe(1, 0.5) == 0.0


def test_the_deflated_ratio_falls_as_more_is_tried():
    returns = np.random.default_rng(0).normal(0.001, 0.01, 365)
    found = [deflated_sharpe(returns, n_tried=n) for n in (1, 2, 10, 100, 10_000)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.9
    assert found[-1] < 0.1


def test_of_variants_without_skill_the_best_is_seldom_believed():
    rng = np.random.default_rng(1)
    deflated, undeflated = 0, 0
    for _ in range(200):
        tried = rng.standard_t(4, size=(50, 365)) * 0.01
        best = tried[daily_sharpe(tried).argmax()]
        deflated += deflated_sharpe(best, n_tried=50) > 0.95
        undeflated += deflated_sharpe(best, n_tried=1) > 0.95
    assert deflated <= 0.05 * 200
    assert undeflated >= 0.8 * 200


def test_the_ratio_of_a_constant_is_zero_and_not_infinite():
    assert list(daily_sharpe(np.array([[0.0, 0.0], [0.01, 0.01], [0.0, 0.02]]))) == [0, 0, 1]
    assert annual_sharpe(np.zeros(30)) == Interval(0.0, 0.0, 0.0)


def test_the_ratio_is_annualised_by_calendar_days():
    returns = np.array([0.01, 0.03] * 10)
    assert annual_sharpe(returns).estimate == pytest.approx(2 * math.sqrt(365))


@pytest.mark.parametrize("n_days", [1, 2, 30])
def test_without_returns_nothing_is_believed(n_days):
    assert deflated_sharpe(np.zeros(n_days), n_tried=1) == 0.5
    assert deflated_sharpe(np.zeros(n_days), n_tried=20) <= 0.5


def test_an_estimate_that_does_not_vary_has_a_defined_probability():
    assert probability_above(0.5, 1.0, 10, skewness=2.0, kurtosis=5.0) == 1.0
    assert probability_above(1.5, 1.0, 10, skewness=2.0, kurtosis=5.0) == 0.0


def clustered_returns(rng, n_series, n_days, sharpe):
    """Daily returns whose volatility is high for days, with a known ratio of mean to spread."""
    log_volatility = np.zeros((n_series, n_days))
    shocks = rng.normal(0, 0.25, (n_series, n_days))
    for day in range(1, n_days):
        log_volatility[:, day] = 0.9 * log_volatility[:, day - 1] + shocks[:, day]
    noise = np.exp(log_volatility) * rng.normal(size=(n_series, n_days))
    spread = math.exp(0.25**2 / (1 - 0.9**2))
    return 0.01 * (noise + sharpe * spread)


@pytest.mark.parametrize("annual", [0.0, 2.0])
def test_the_interval_holds_the_truth_about_19_times_in_20(annual):
    rng = np.random.default_rng(2)
    truth = annual / math.sqrt(365)
    held = 0
    for returns in clustered_returns(rng, 150, 365, truth):
        found = annual_sharpe(returns)
        held += found.low <= annual <= found.high
    assert 0.90 <= held / 150 <= 0.99
