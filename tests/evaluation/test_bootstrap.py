"""An interval that claims 95 % must hold what it claims."""

import numpy as np
import pytest

from kaidan.evaluation.bootstrap import Interval, block_bootstrap, block_bootstrap_of


def coverage(phi: float, block: int, n_series: int = 400, n: int = 2000) -> float:
    """Share of simulated series, of true mean 0, whose interval holds 0."""
    rng = np.random.default_rng(1)
    shocks = rng.normal(size=(n_series, n + 100))
    series = np.empty_like(shocks)
    series[:, 0] = shocks[:, 0]
    for t in range(1, n + 100):
        series[:, t] = phi * series[:, t - 1] + shocks[:, t]
    held = 0
    for values in series[:, 100:]:
        found = block_bootstrap(values, block=block, n_resamples=400)
        held += found.low <= 0 <= found.high
    return held / n_series


@pytest.mark.parametrize("phi", [0.0, 0.8])
def test_the_interval_holds_the_truth_about_19_times_in_20(phi: float) -> None:
    assert 0.91 <= coverage(phi, block=48) <= 0.98


def test_single_rows_would_claim_too_much_of_neighbours_that_are_alike() -> None:
    assert coverage(0.8, block=1, n_series=200) < 0.7


def test_a_constant_has_an_interval_of_no_width() -> None:
    assert block_bootstrap(np.full(50, 2.5)) == Interval(2.5, 2.5, 2.5)


def test_fewer_rows_than_a_block_are_one_block() -> None:
    found = block_bootstrap(np.array([1.0, 2.0, 6.0]), block=96)
    assert found.estimate == pytest.approx(3.0)
    assert (found.low, found.high) == (pytest.approx(3.0), pytest.approx(3.0))


def test_the_same_seed_gives_the_same_interval() -> None:
    values = np.random.default_rng(0).normal(size=500)
    assert block_bootstrap(values) == block_bootstrap(values)
    assert block_bootstrap(values) != block_bootstrap(values, seed=1)


def test_it_is_written_with_its_signs() -> None:
    assert str(Interval(0.01, -0.002, 0.0301)) == "+0.0100 [-0.0020, +0.0301]"


def test_a_bolder_interval_is_narrower() -> None:
    values = np.random.default_rng(1).normal(size=2000)
    wide, narrow = (block_bootstrap(values, confidence=c) for c in (0.999, 0.8))
    assert wide.estimate == narrow.estimate
    assert wide.low < narrow.low < narrow.high < wide.high


def test_of_the_mean_both_bootstraps_say_the_same() -> None:
    values = np.random.default_rng(2).normal(size=960)
    one = block_bootstrap(values, block=24)
    other = block_bootstrap_of(lambda many: many.mean(axis=1), values, block=24)
    assert other.estimate == pytest.approx(one.estimate)
    assert (other.low, other.high) == pytest.approx((one.low, one.high), abs=1e-9)


def test_an_interval_of_a_ratio_covers_what_it_should() -> None:
    def ratio(many):
        return many.mean(axis=1) / many.std(axis=1)

    rng = np.random.default_rng(3)
    inside = 0
    for seed in range(60):
        found = block_bootstrap_of(ratio, rng.normal(0.1, 1.0, 365), block=5, seed=seed)
        inside += found.low < 0.1 < found.high
    assert 50 <= inside <= 60


def test_an_interval_names_its_ends_as_metrics() -> None:
    assert Interval(0.1, 0.0, 0.2).to_metrics("x") == {"x": 0.1, "x.low": 0.0, "x.high": 0.2}
