"""Who has no opinion has no weight, and a tie is no opinion."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given

from kaidan.bot.risk import StrategyConsensus
from kaidan.trading.policy import Side
from tests.bot.risk.kit import OPINIONS, opinions, settings, shipped


def consensus(*weights: float) -> StrategyConsensus:
    names = shipped().bot.risk.strategies.model_dump()
    given_weights = dict(zip(names, weights, strict=True)) if weights else names
    return StrategyConsensus(settings(strategies=given_weights).bot.risk.strategies)


@pytest.mark.parametrize(
    ("said", "direction", "strength"),
    [
        ((), Side.FLAT, 0.0),
        ((0.0, 0.0), Side.FLAT, 0.0),
        ((math.nan, 0.5), Side.LONG, 0.5),
        ((0.9,), Side.LONG, 0.9),
        ((0.6, 0.2), Side.LONG, 0.4),
        ((-0.6, 0.2), Side.SHORT, 0.2),
        ((0.6, -0.6), Side.FLAT, 0.0),
        ((0.3, 0.3, -0.6), Side.FLAT, 0.0),
        ((0.1, 0.2, -0.3), Side.FLAT, 0.0),
        ((-1.0, -1.0, -1.0, -1.0, -1.0), Side.SHORT, 1.0),
    ],
)
def test_opinions_that_exist_are_averaged(
    said: Sequence[float], direction: Side, strength: float
) -> None:
    found = consensus().weigh(opinions(*said))
    assert found.direction is direction
    assert found.strength == pytest.approx(strength, abs=1e-15)
    assert found.value == pytest.approx(direction * strength)
    assert found.abstains is (direction is Side.FLAT)


def test_a_heavier_strategy_counts_for_more() -> None:
    found = consensus(0.6, 0.2, 0.2, 0.0, 0.0).weigh(opinions(0.5, -0.5))
    assert found.value == pytest.approx((0.6 * 0.5 - 0.2 * 0.5) / 0.8)


def test_a_strategy_of_weight_0_has_no_opinion() -> None:
    found = consensus(0.5, 0.5, 0.0, 0.0, 0.0).weigh(opinions(0.0, 0.0, 0.9))
    assert found.abstains
    assert found.opinions == {}


def test_it_says_who_said_what() -> None:
    weighed = consensus().weigh
    assert str(weighed({})) == "strategies have no opinion"
    assert (
        str(weighed(opinions(0.5, -0.5))) == "strategies tie (ATRBased +0.50, MochipoyAlert -0.50)"
    )
    assert weighed(opinions(-0.5)).to_dict() == {
        "direction": "SHORT",
        "strength": 0.5,
        "opinions": {"ATRBased": -0.5},
    }


@given(OPINIONS)
def test_the_mirror_of_opinions_is_the_mirror_of_their_consensus(said: list[float]) -> None:
    found = consensus().weigh(opinions(*said))
    mirrored = consensus().weigh(opinions(*(-value for value in said)))
    assert mirrored.direction == -found.direction
    assert mirrored.strength == found.strength


@given(OPINIONS)
def test_a_consensus_is_never_stronger_than_the_strongest_opinion(said: list[float]) -> None:
    found = consensus().weigh(opinions(*said))
    assert 0 <= found.strength <= max(map(abs, said)) + 1e-12
    assert (found.strength == 0) is (found.direction is Side.FLAT)


@given(OPINIONS)
def test_an_abstention_changes_nothing(said: list[float]) -> None:
    spoken = {name: value for name, value in opinions(*said).items() if value}
    silent = {name: math.nan for name in opinions(*said) if name not in spoken}
    assert consensus().weigh(spoken | silent) == consensus().weigh(spoken)
