"""Balancing: what is raised, what is weighed, and what cannot be honoured."""

import numpy as np
import pytest

from kaidan.errors import TrainingError
from kaidan.learning.resampling import balance
from kaidan.settings import ResamplingSettings

RNG = np.random.default_rng(3)
Y = np.repeat([0, 1, 2], [20, 200, 40])
X = (RNG.normal(size=(260, 3)) * [1.0, 1e6, 1e-3]).astype(np.float32)


def how(smote: bool, class_weight: bool) -> ResamplingSettings:
    return ResamplingSettings(
        smote=smote, smote_ratio=0.5, smote_neighbors=5, class_weight=class_weight
    )


def test_smote_raises_minorities_to_the_asked_share_of_the_majority() -> None:
    balanced = balance(X, Y, how(smote=True, class_weight=False), seed=1)
    assert np.bincount(balanced.y).tolist() == [100, 200, 100]
    assert np.array_equal(balanced.X[:260], X)
    assert balanced.class_factor.tolist() == [5.0, 1.0, 2.5]


def test_synthetic_rows_lie_within_the_rows_of_their_class() -> None:
    balanced = balance(X, Y, how(smote=True, class_weight=False), seed=1)
    for label in (0, 2):
        made = balanced.X[260:][balanced.y[260:] == label]
        own = X[label == Y]
        slack = 1e-5 * np.abs(own).max(axis=0)
        assert (made >= own.min(axis=0) - slack).all()
        assert (made <= own.max(axis=0) + slack).all()


def test_class_weights_give_every_class_the_same_mass() -> None:
    balanced = balance(X, Y, how(smote=False, class_weight=True), seed=1)
    mass = [balanced.weight[label == Y].sum() for label in range(3)]
    assert np.allclose(mass, len(Y) / 3)


def test_smote_then_weights_also_give_the_same_mass() -> None:
    balanced = balance(X, Y, how(smote=True, class_weight=True), seed=1)
    mass = [balanced.class_factor[label] * (label == Y).sum() for label in range(3)]
    assert np.allclose(mass, mass[0])


def test_without_either_nothing_changes() -> None:
    balanced = balance(X, Y, how(smote=False, class_weight=False), seed=1)
    assert np.array_equal(balanced.X, X)
    assert (balanced.weight == 1).all()


def test_the_same_seed_gives_the_same_rows() -> None:
    first, second = (balance(X, Y, how(smote=True, class_weight=True), seed=9) for _ in range(2))
    assert np.array_equal(first.X, second.X)


def test_smote_with_a_single_row_of_a_class_is_an_error_and_not_silently_off() -> None:
    y = np.repeat([0, 1], [1, 259])
    with pytest.raises(TrainingError, match="1 row of SELL"):
        balance(X, y, how(smote=True, class_weight=False), seed=1)


def test_smote_takes_fewer_neighbours_where_a_class_has_few_rows() -> None:
    y = np.repeat([0, 1], [3, 257])
    balanced = balance(X, y, how(smote=True, class_weight=False), seed=1)
    assert (balanced.y == 0).sum() == 128
