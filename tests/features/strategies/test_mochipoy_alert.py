import numpy as np
import pytest

from kaidan.features.strategies.mochipoy_alert import mochipoy_alert
from kaidan.features.strategies.rank_correlation import rank_correlation


def last(strategies, spread, histogram, close):
    ones = np.ones(len(close))
    return mochipoy_alert(close, ones * spread, ones * histogram, strategies.mochipoy_alert)[-1]


def clearing():
    """Climbs; a spike has just left each of the two windows, so that both correlations rise."""
    close = 100.0 + np.arange(60.0)
    close[[-1 - 9, -1 - 26]] += 20.0
    return close


def test_three_votes_agree(strategies):
    close = clearing()
    short, long = rank_correlation(close, 9), rank_correlation(close, 26)
    assert short[-1] > short[-2]
    assert long[-1] > long[-2]
    expected = 0.7 + 0.3 * short[-1] / 100 * long[-1] / 100
    assert last(strategies, 1e-3, 1.0, close) == pytest.approx(expected)
    assert last(strategies, -1e-3, -1.0, 300.0 - close) == pytest.approx(-expected)


def test_two_votes_without_opposition(strategies):
    straight = 100.0 + np.arange(40.0)  # rank correlation 100 and not rising: no vote
    assert last(strategies, 1e-3, 1.0, straight) == pytest.approx(0.45)
    assert last(strategies, -1e-3, -1.0, straight) == pytest.approx(-0.45)
    assert last(strategies, 0.0, 1.0, clearing()) == pytest.approx(0.45)


def test_opposition_or_a_single_vote_is_no_opinion(strategies):
    straight = 100.0 + np.arange(40.0)
    assert last(strategies, 1e-3, -1.0, straight) == 0.0
    assert last(strategies, 1e-3, -1.0, clearing()) == 0.0
    assert last(strategies, 1e-3, 0.0, straight) == 0.0


def test_the_sign_of_rounding_is_no_vote(strategies):
    assert last(strategies, 1e-16, 1e-13, np.full(40, 100.0)) == 0.0
