"""SHAP values add up to the scores, and are those that the libraries themselves tell."""

from itertools import combinations
from math import factorial

import numpy as np
import pytest
import xgboost
from scipy.special import softmax

from kaidan.artifact.member_trees import read_trees
from kaidan.artifact.tree_shap import tree_shap
from kaidan.artifact.trees import Averaged, Boosted, Tree
from kaidan.learning.members import tree_proba
from tests.artifact.hard_members import COLUMNS, yen_rows

ROWS = yen_rows(40, seed=50)[0][:, COLUMNS]


@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "random_forest"])
def test_base_and_values_add_up_to_what_the_member_says(estimators, name):
    trees = read_trees(estimators[name])
    base, values = tree_shap(trees, ROWS)
    scores = base + values.sum(axis=1)
    said = softmax(scores, axis=1) if isinstance(trees, Boosted) else scores
    np.testing.assert_allclose(said, tree_proba(estimators[name], ROWS), atol=1e-5)


def test_values_are_those_of_lightgbm_itself(estimators):
    booster = estimators["lightgbm"]
    base, values = tree_shap(read_trees(booster), ROWS)
    own = booster.predict(ROWS, pred_contrib=True).reshape(len(ROWS), 3, -1)
    np.testing.assert_allclose(values, own[:, :, :-1].transpose(0, 2, 1), atol=1e-6)
    np.testing.assert_allclose(base, own[0, :, -1], atol=1e-6)


def test_values_are_those_of_xgboost_itself(estimators):
    booster = estimators["xgboost"]
    base, values = tree_shap(read_trees(booster), ROWS)
    cut = (0, booster.best_iteration + 1)
    own = booster.predict(xgboost.DMatrix(ROWS), pred_contribs=True, iteration_range=cut)
    np.testing.assert_allclose(values, own[:, :, :-1].transpose(0, 2, 1), atol=1e-5)
    np.testing.assert_allclose(base, own[0, :, -1], atol=1e-5)


# `x0 <= 1`, then `x1 <= 2`; 10 rows of training were split 6 to 4, and the 4 one to three.
BRANCHES = Tree(
    yes=np.array([1, -1, 3, -1, -1]),
    no=np.array([2, -1, 4, -1, -1]),
    column=np.array([0, 0, 1, 0, 0]),
    threshold=np.array([1, 0, 2, 0, 0], dtype=np.float32),
    value=np.array([0.0, 5.0, 0.0, 7.0, -2.0]),
    cover=np.array([10, 6, 4, 1, 3], dtype=np.float32),
)


def _expected(row: tuple[float, float], known: tuple[int, ...]) -> float:
    """The tree's answer where only some columns are known, by hand."""
    right = 7.0 * 0.25 - 2.0 * 0.75 if 1 not in known else (7.0 if row[1] <= 2 else -2.0)
    if 0 not in known:
        return 5.0 * 0.6 + right * 0.4
    return 5.0 if row[0] <= 1 else right


@pytest.mark.parametrize("row", [(1.0, 2.0), (1.5, 2.0), (1.5, 3.0), (0.0, 9.0)])
def test_values_are_shapley_values_by_their_definition(row):
    member = Boosted((BRANCHES,), (0,), np.array([0.5, 0.0]), strict=False)
    base, values = tree_shap(member, np.array([row], dtype=np.float32))
    assert base.tolist() == pytest.approx([0.5 + _expected(row, ()), 0.0])
    for column, other in ((0, 1), (1, 0)):
        shapley = 0.0
        for size in (0, 1):
            for known in combinations([other], size):
                weight = factorial(size) * factorial(1 - size) / factorial(2)
                gained = _expected(row, (*known, column)) - _expected(row, known)
                shapley += weight * gained
        assert values[0, column].tolist() == pytest.approx([shapley, 0.0])


def test_a_strict_test_does_not_hold_at_its_threshold():
    rows = np.array([[1.0, 9.0], [np.nextafter(np.float32(1), np.float32(0)), 9.0]], np.float32)
    base, values = tree_shap(Boosted((BRANCHES,), (1,), np.zeros(2), strict=True), rows)
    assert (base + values.sum(axis=1))[:, 1].tolist() == pytest.approx([-2.0, 5.0])


def test_trees_of_one_leaf_move_nothing():
    leaf = Tree(
        *(np.array([-1]),) * 2, np.array([0]), np.zeros(1, np.float32), *(np.ones((1, 3)) / 3,) * 2
    )
    leaf = leaf._replace(cover=np.ones(1, np.float32))
    base, values = tree_shap(Averaged((leaf, leaf)), ROWS)
    assert base.tolist() == pytest.approx([1 / 3] * 3)
    assert not values.any()
