import numpy as np
import pytest

from kaidan.monitoring.loss_differences import LossDifferences
from kaidan.monitoring.sequential_test import wager_on_worse
from tests.monitoring.forecasts import HORIZON, Bars

QUARTER = 8640
RATE = 0.02


def wager(differences: LossDifferences, *, rate: float = RATE, horizon: int = HORIZON):
    return wager_on_worse(differences, horizon=horizon, error_rate=rate)


def given(values: list[float]) -> LossDifferences:
    there = np.array(values)
    n = len(there)
    return LossDifferences(there, np.full(n, -1.0), np.full(n, 1.0), np.ones(n, dtype=bool))


def test_of_20_releases_that_learnt_nothing_at_least_19_are_found_out_in_a_quarter() -> None:
    found = []
    for seed in range(20):
        bars = Bars(seed, QUARTER)
        found.append(wager(bars.differences(bars.learnt_nothing(), bars.good())))
    assert sum(one.settled for one in found) >= 19
    assert all(one.e_value >= one.threshold for one in found if one.settled)
    assert np.median([one.settled_after for one in found if one.settled]) < QUARTER / 2


def test_of_good_releases_hardly_one_is_called_worse_however_often_it_is_looked_at() -> None:
    settled = 0
    for seed in range(100, 200):
        bars = Bars(seed, QUARTER)
        # Every bar is looked at: the verdict is the first that ever falls.
        settled += wager(bars.differences(bars.good(0.3), bars.good(0.3))).settled
    assert settled <= 2


def test_at_the_edge_of_what_is_doubted_the_stated_rate_holds() -> None:
    # Differences of mean 0 that all but double or halve the log-loss, with labels that overlap.
    rng = np.random.default_rng(5)
    n_runs, settled = 400, 0
    for _ in range(n_runs):
        coins = rng.integers(0, 2, size=4 * 500)
        fair = np.where(np.convolve(2 * coins - 1, np.ones(5))[: len(coins)] > 0, 1.0, -1.0)
        settled += wager(given(list(fair)), rate=0.1, horizon=5).settled
    # Two deviations of 400 coins of 0.1 above it.
    assert 0 < settled / n_runs <= 0.1 + 2 * np.sqrt(0.1 * 0.9 / n_runs)


def test_a_verdict_does_not_change_with_what_comes_after_it() -> None:
    bars = Bars(0, QUARTER)
    one, other = bars.learnt_nothing(), bars.good()
    whole = wager(bars.differences(one, other))
    n = whole.settled_after
    until = LossDifferences.between(one[:n], other[:n], bars.labels[:n])
    assert wager(until).settled_after == n
    short = LossDifferences.between(one[: n - 1], other[: n - 1], bars.labels[: n - 1])
    assert wager(short).settled_after is None


def test_nothing_is_settled_before_the_wagers_that_are_open_are() -> None:
    # Four wagers, each multiplied by 1.4 in a round: the mean reaches 2 on the ninth bar.
    assert wager(given([1.0] * 11), rate=0.5, horizon=4).settled_after is None
    assert wager(given([1.0] * 12), rate=0.5, horizon=4).settled_after == 12
    assert wager(given([1.0] * 3), rate=0.5, horizon=1).settled_after == 3


def test_when_those_are_lost_it_goes_on_with_bars_that_were_not_foreseen() -> None:
    lost = [1.0] * 9 + [-1.0] * 3
    settled = wager(given(lost), rate=0.5, horizon=4)
    assert not settled.settled
    # Whoever answers these three bars knows already how high the stake is.
    paused = wager(given([*lost, 1.0, 1.0, 1.0]), rate=0.5, horizon=4)
    assert paused.e_value == settled.e_value
    again = wager(given([*lost, *[1.0] * 15]), rate=0.5, horizon=4)
    assert again.e_value > settled.e_value
    assert wager(given([*lost, *[1.0] * 30]), rate=0.5, horizon=4).settled


def test_how_many_bars_are_missing_is_told_from_the_growth_so_far() -> None:
    halfway = wager(given([0.25] * 40), rate=0.01, horizon=4)
    assert halfway.bars_to_go == pytest.approx(4 * np.log(100) / np.log1p(0.4 * 0.25) - 40, abs=1.0)
    assert wager(given([-0.25] * 40)).bars_to_go is None
    assert wager(given([])).bars_to_go is None
    assert wager(given([])).e_value == 1.0


def test_the_stake_is_the_mean_of_the_interleaved_wagers() -> None:
    found = wager(given([0.5, -0.5, 0.5, 0.5, -1.0]), rate=0.001, horizon=2)
    first, second = 1.2 * 1.2 * 0.6, 0.8 * 1.2
    assert found.e_value == pytest.approx((first + second) / 2)
    assert (found.n_bars, found.settled) == (5, False)
