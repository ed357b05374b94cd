"""What is known for free, by hand."""

import numpy as np
import pytest

from kaidan.evaluation.baselines import (
    BASELINES,
    Known,
    class_prior,
    previous_label,
    volatility_prior,
)

NONE = np.nan


def known(previous: list[float], volatility: list[float] | None = None) -> Known:
    spread = np.arange(len(previous), dtype=float) if volatility is None else np.array(volatility)
    return Known(np.array(previous, dtype=float), spread)


def test_the_prior_is_the_class_shares_with_a_pseudo_row_each() -> None:
    p = class_prior(np.array([0, 1, 1, 1]), known([1, 1, 1, 1]), known([0, 2]))
    assert p == pytest.approx(np.array([[2, 4, 1], [2, 4, 1]]) / 7)


def test_the_previous_label_chooses_its_own_shares() -> None:
    y = np.array([0, 0, 1, 2])
    p = previous_label(y, known([0, 0, 0, 1]), known([1, 0]))
    assert p == pytest.approx(np.array([[1 / 4, 1 / 4, 2 / 4], [3 / 6, 2 / 6, 1 / 6]]))


def test_an_unknown_previous_label_is_a_group_of_its_own() -> None:
    y = np.array([0, 0, 1, 2])
    p = previous_label(y, known([NONE, NONE, 1, 1]), known([NONE]))
    assert p == pytest.approx(np.array([[3, 1, 1]]) / 5)


def test_a_group_that_the_training_part_never_met_falls_back_to_the_class_shares() -> None:
    y = np.array([0, 1, 1, 1])
    train, test = known([1, 1, 1, 1]), known([NONE, 2])
    assert previous_label(y, train, test) == pytest.approx(class_prior(y, train, test))


def test_the_volatility_prior_tells_calm_from_storm() -> None:
    calm, storm = np.arange(100.0), np.arange(100.0, 200.0)
    y = np.repeat([1, 2], 100)
    train = known([1] * 200, [*calm, *storm])
    p = volatility_prior(y, train, known([1, 1, 1], [-5.0, 150.0, 900.0]))
    assert p[0] == pytest.approx([1 / 23, 21 / 23, 1 / 23])
    assert p[1] == pytest.approx(p[2])
    assert p[1].argmax() == 2


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_gives_a_distribution_to_every_row(name: str) -> None:
    rng = np.random.default_rng(0)
    train = Known(rng.choice([0, 1, 2, NONE], 300), rng.exponential(size=300))
    test = Known(rng.choice([0, 1, 2, NONE], 50), rng.exponential(size=50) * 9)
    p = BASELINES[name](rng.integers(0, 3, 300), train, test)
    assert p.shape == (50, 3)
    assert p.sum(axis=1) == pytest.approx(1)
    assert (p > 0).all()


def test_rows_can_be_taken_by_position_and_by_slice() -> None:
    rows = known([0, 1, 2], [5, 6, 7])
    assert rows.take(slice(1, 3)).previous.tolist() == [1, 2]
    assert rows.take(np.array([2, 0])).volatility.tolist() == [7, 5]
