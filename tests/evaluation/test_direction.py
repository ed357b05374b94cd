"""Direction among the moves: the AUC of scikit-learn, and an interval that holds what it claims."""

import numpy as np
import pytest
from scipy.signal import lfilter
from sklearn.metrics import roc_auc_score

from kaidan.evaluation.bootstrap import Interval
from kaidan.evaluation.direction import direction_auc
from kaidan.signal import Signal

COIN = Interval(0.5, 0.0, 1.0)


def leaning(upwards: np.ndarray, hold: float | np.ndarray = 0.5) -> np.ndarray:
    """Probabilities whose BUY among the moves is `upwards`."""
    moves = 1 - hold
    return np.column_stack([(1 - upwards) * moves, np.full(len(upwards), hold), upwards * moves])


def noise(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 3, n), rng.dirichlet([2, 3, 2], n)


def null_market(rng: np.random.Generator, n: int = 12_900) -> tuple[np.ndarray, np.ndarray]:
    """Labels that share a future of 16 bars, moves that cluster, and scores that know nothing.

    The score is the return of the last day: as slow as what a model leans on.
    """
    shocks = 0.6 * rng.normal(size=n + 112) * np.sqrt(1 - 0.99**2)
    volatility = 0.0015 * np.exp(lfilter([1.0], [1.0, -0.99], shocks))
    price = np.concatenate([[0.0], np.cumsum(volatility * rng.normal(size=n + 112))])
    now = np.arange(96, 96 + n)
    future = price[now + 16] - price[now]
    y = np.digitize(future, [-0.005, 0.005])
    return y, leaning(1 / (1 + np.exp(-20 * (price[now] - price[now - 96]))))


def test_the_estimate_is_the_auc_of_scikit_learn_among_the_moves() -> None:
    y, said = noise(2000)
    moved = y != Signal.HOLD
    score = said[:, Signal.BUY] / (said[:, Signal.BUY] + said[:, Signal.SELL])
    wanted = roc_auc_score(y[moved] == Signal.BUY, score[moved])
    assert direction_auc(y, said).estimate == pytest.approx(wanted)


def test_ties_count_by_half() -> None:
    y, said = noise(1000, seed=1)
    coarse = np.round(said[:, 2] / (said[:, 0] + said[:, 2]), 1)
    wanted = roc_auc_score(y[y != 1] == 2, coarse[y != 1])
    assert direction_auc(y, leaning(coarse)).estimate == pytest.approx(wanted)


def test_one_answer_for_every_row_is_a_coin_without_doubt() -> None:
    y, _ = noise(500)
    assert direction_auc(y, leaning(np.full(500, 0.7))) == Interval(0.5, 0.5, 0.5)


def test_knowing_every_direction_is_certainty() -> None:
    y, _ = noise(500)
    assert direction_auc(y, leaning(y / 2)) == Interval(1.0, 1.0, 1.0)


def test_the_ends_stay_between_0_and_1() -> None:
    y, _ = noise(500)
    almost = y / 2
    almost[np.flatnonzero(y == Signal.BUY)[:40]] = 0.0
    found = direction_auc(y, leaning(almost), confidence=0.999)
    assert 0.5 < found.low < found.estimate < found.high <= 1.0


@pytest.mark.parametrize("present", [[Signal.HOLD], [Signal.HOLD, Signal.BUY], [Signal.SELL]])
def test_without_moves_both_ways_nothing_is_known(present: list[Signal]) -> None:
    y = np.resize(present, 300)
    assert direction_auc(y, noise(300)[1]) == COIN


def test_a_row_that_is_certain_of_hold_says_nothing_of_the_direction() -> None:
    y = np.array([Signal.SELL, Signal.BUY])
    assert direction_auc(y, np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])).estimate == 0.5


def test_only_the_order_of_the_scores_counts() -> None:
    y, said = noise(3000, seed=2)
    score = said[:, 2] / (said[:, 0] + said[:, 2])
    bent = direction_auc(y, leaning(score**3))
    assert vars(bent) == pytest.approx(vars(direction_auc(y, leaning(score))))


def test_what_is_said_of_hold_does_not_count() -> None:
    y, said = noise(3000, seed=3)
    score, hold = said[:, 2] / (said[:, 0] + said[:, 2]), said[:, 1]
    found = direction_auc(y, leaning(score, hold))
    assert vars(found) == pytest.approx(vars(direction_auc(y, leaning(score))))


def test_the_interval_is_about_that_of_resampling_and_ranking_again() -> None:
    y, said = null_market(np.random.default_rng(4), n=5760)
    rng = np.random.default_rng(0)
    again = []
    for _ in range(500):
        rows = (rng.integers(0, len(y), (60, 1)) + np.arange(96)).ravel() % len(y)
        among = rows[y[rows] != Signal.HOLD]
        again.append(roc_auc_score(y[among] == Signal.BUY, said[among, Signal.BUY]))
    found = direction_auc(y, said)
    low, high = np.quantile(again, [0.025, 0.975])
    assert found.low == pytest.approx(low, abs=0.1 * (high - low))
    assert found.high == pytest.approx(high, abs=0.1 * (high - low))


def test_the_interval_holds_a_coin_about_19_times_in_20_where_nothing_is_known() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        found = direction_auc(*null_market(rng))
        held += found.low <= 0.5 <= found.high
    assert 0.90 <= held / 200 <= 0.99


def test_a_direction_that_is_known_a_little_is_found_in_half_a_year() -> None:
    rng = np.random.default_rng(2)
    y, _ = null_market(rng, n=17_280)
    knows = 0.5 + 0.1 * (y - 1) * (rng.random(len(y)) < 0.5) + 0.1 * rng.normal(size=len(y))
    assert direction_auc(y, leaning(np.clip(knows, 0, 1)), confidence=0.999).low > 0.5
