"""From chances and volatility to a size: by hand, and for all chances."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kaidan.bot.risk.size import Sizer, mean_beyond
from kaidan.errors import UsageError
from tests.bot.risk.kit import settings

VOLATILITY = st.floats(0, 0.05)
CHANCE = st.floats(0, 1)
SIZER = Sizer(settings())
UNCAPPED = Sizer(settings(max_loss_share=0.149, min_position_share=0.001))


def test_stop_and_target_follow_the_volatility_over_the_horizon() -> None:
    size = SIZER.size(0.5, 0.2, 0.002)
    assert size.horizon_sigma_share == pytest.approx(0.008)
    assert size.stop_share == pytest.approx(0.012)
    assert size.target_share == pytest.approx(0.016)


@pytest.mark.parametrize(("volatility", "stop"), [(0.0, 0.004), (0.0001, 0.004), (0.02, 0.05)])
def test_the_target_keeps_its_ratio_where_the_stop_is_bounded(
    volatility: float, stop: float
) -> None:
    size = SIZER.size(0.5, 0.2, volatility)
    assert size.stop_share == stop
    assert size.target_share == pytest.approx(stop * 2.0 / 1.5)


def test_a_size_by_hand() -> None:
    size = SIZER.size(0.6, 0.1, 0.002)
    # A normal of 0.8 % beyond 0.5 %: 0.8 % x density(0.625) / tail(0.625).
    move = 0.008 * 0.328158 / 0.265986
    costs = 2 * (0.0012 + 0.0002)
    mean = 0.6 * move - 0.1 * move - costs
    square = 0.6 * (move - costs) ** 2 + 0.1 * (move + costs) ** 2 + 0.3 * costs**2
    assert size.win_share == size.loss_share == pytest.approx(move, rel=1e-4)
    assert size.costs_share == pytest.approx(costs)
    assert size.expected_share == pytest.approx(mean, rel=1e-4)
    assert size.kelly_share == pytest.approx(mean / square, rel=1e-4)
    assert size.fraction_share == pytest.approx(0.25 * mean / square, rel=1e-4)
    assert size.loss_cap_share == pytest.approx(0.01 / (0.012 + costs))
    assert size.share == size.loss_cap_share
    assert size.limited_by == "its stop"


def test_the_smallest_of_the_three_limits_is_named() -> None:
    assert UNCAPPED.size(0.6, 0.1, 0.002).limited_by == "max_position_share"
    assert UNCAPPED.size(0.6, 0.1, 0.002).share == 1.0
    thin = Sizer(settings(kelly_fraction=0.001)).size(0.6, 0.1, 0.002)
    assert thin.limited_by == "Kelly"
    assert thin.share == thin.fraction_share == pytest.approx(0.001 * thin.kelly_share)


def test_what_costs_eat_is_not_worth_a_position() -> None:
    size = SIZER.size(0.45, 0.25, 0.002)
    assert size.expected_share < 0
    assert size.kelly_share == size.share == 0


def test_certainty_has_a_finite_size() -> None:
    assert SIZER.size(1.0, 0.0, 0.002).kelly_share == pytest.approx(
        1 / (mean_beyond(0.005, 0.008) - 0.0028)
    )


@pytest.mark.parametrize("volatility", [math.nan, math.inf, -0.001])
def test_without_a_volatility_there_is_no_size(volatility: float) -> None:
    with pytest.raises(UsageError, match=r"got volatility .*, want a finite one from 0 up"):
        SIZER.size(0.5, 0.2, volatility)


@given(CHANCE, CHANCE, VOLATILITY)
def test_a_size_is_never_above_any_cap(p_side: float, p_opposite: float, volatility: float) -> None:
    assume(p_side + p_opposite <= 1)
    size = SIZER.size(p_side, p_opposite, volatility)
    assert 0 <= size.share <= 1.0
    assert size.share <= 0.25 * size.kelly_share
    assert size.share * (size.stop_share + size.costs_share) <= 0.01 * (1 + 1e-12)
    assert 0.004 <= size.stop_share <= 0.05
    assert json.loads(json.dumps(size.to_dict(), allow_nan=False)) == size.to_dict()


@given(CHANCE, CHANCE, CHANCE, CHANCE, VOLATILITY)
def test_more_edge_is_never_a_smaller_size(
    p_side: float, p_opposite: float, from_hold: float, from_opposite: float, volatility: float
) -> None:
    assume(p_side + p_opposite <= 1)
    to_side = from_hold * (1 - p_side - p_opposite)
    turned = from_opposite * p_opposite
    before = SIZER.size(p_side, p_opposite, volatility)
    for after in (
        SIZER.size(min(p_side + to_side, 1 - p_opposite), p_opposite, volatility),
        SIZER.size(p_side + turned, p_opposite - turned, volatility),
        SIZER.size(p_side, p_opposite - turned, volatility),
    ):
        assert after.kelly_share >= before.kelly_share * (1 - 1e-9)
        assert after.share >= before.share * (1 - 1e-9)


def test_the_mean_beyond_a_threshold_is_that_of_the_sample() -> None:
    sample = np.random.default_rng(1).normal(scale=0.008, size=400_000)
    assert mean_beyond(0.005, 0.008) == pytest.approx(sample[sample > 0.005].mean(), rel=0.005)


@given(st.floats(1e-4, 0.1), st.floats(0, 0.2))
def test_the_mean_beyond_a_threshold_is_beyond_it(threshold: float, sigma: float) -> None:
    assert threshold <= mean_beyond(threshold, sigma) <= threshold + sigma


def test_positions_on_real_bars_earn_what_the_size_expects(real_bars: pd.DataFrame) -> None:
    """Not the target: a BUY that came true earned little more than half of it."""
    closes = real_bars["close"].to_numpy()
    volatility = pd.Series(np.log(closes)).diff().rolling(96).std().to_numpy()
    gains = closes[16:] / closes[:-16] - 1
    known = np.isfinite(volatility[:-16])
    for side in (1, -1):
        came_true = known & (side * gains > 0.005)
        sizes = [SIZER.size(0.5, 0.2, v) for v in volatility[:-16][came_true][::20].tolist()]
        earned = np.minimum(
            side * gains[came_true][::20], [size.target_share for size in sizes]
        ).mean()
        expected = np.mean([size.win_share for size in sizes])
        assert expected == pytest.approx(earned, rel=0.1)
        assert np.mean([size.target_share for size in sizes]) > 1.6 * earned
