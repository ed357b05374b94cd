"""Whatever their parameters make of the three libraries' trees, the graph says the same."""

from typing import Any

import lightgbm
import numpy as np
import pytest
import xgboost
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

from kaidan.artifact.member_trees import read_trees
from kaidan.artifact.trees import Averaged
from kaidan.errors import ArtifactError
from tests.artifact.hard_members import COLUMNS, as_members, assert_exact, parity, yen_rows

N_ROWS, N_ROUNDS = 1_500, 6
ONE_LEAF = 10 * N_ROWS


def rows(n_classes: int, share_missing: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    X, y = yen_rows(N_ROWS, seed=30)
    lost = np.random.default_rng(31).random(X.shape) < share_missing
    return np.where(lost, np.float32(np.nan), X)[:, COLUMNS], y if n_classes == 3 else y // 2


def light(n_classes: int, share_missing: float = 0.0, **params: Any) -> lightgbm.Booster:
    X, y = rows(n_classes, share_missing)
    chosen = (
        {"objective": "multiclass", "num_class": 3} if n_classes == 3 else {"objective": "binary"}
    )
    chosen |= {"num_leaves": 8, "seed": 1, "num_threads": 1, "verbosity": -1} | params
    return lightgbm.train(chosen, lightgbm.Dataset(X, y, params=params), N_ROUNDS)


def extreme(n_classes: int, share_missing: float = 0.0, **params: Any) -> xgboost.Booster:
    X, y = rows(n_classes, share_missing)
    chosen = (
        {"objective": "multi:softprob", "num_class": 3}
        if n_classes == 3
        else {"objective": "binary:logistic"}
    )
    chosen |= {"max_depth": 4, "seed": 1, "nthread": 1, "tree_method": "hist"} | params
    data = xgboost.DMatrix(X, y)
    watched = {"evals": [(data, "same")], "early_stopping_rounds": 2, "verbose_eval": False}
    return xgboost.train(chosen, data, N_ROUNDS, **watched)


def forest(n_classes: int, share_missing: float = 0.0, **params: Any) -> RandomForestClassifier:
    chosen = {"n_estimators": N_ROUNDS, "max_depth": 6, "random_state": 1, "n_jobs": 1} | params
    return RandomForestClassifier(**chosen).fit(*rows(n_classes, share_missing))


def assert_agrees(fitted: Any, n_classes: int) -> None:
    members = as_members({"alone": fitted}, [1.0], range(n_classes), calibrated=False)
    assert_exact(parity(members, yen_rows(2_000, seed=32)[0]), 2_000)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    "params",
    [
        {"boosting": "rf", "bagging_fraction": 0.6, "bagging_freq": 1},
        {"boosting": "dart", "drop_rate": 0.5},
        {"min_data_in_leaf": ONE_LEAF},
        {"min_gain_to_split": 30.0},
        {"boost_from_average": False},
        {"is_unbalance": True},
    ],
    ids=str,
)
def test_lightgbm_agrees_with_parameters_of_its_own(params, n_classes):
    assert_agrees(light(n_classes, **params), n_classes)


def test_lightgbm_agrees_with_a_steeper_sigmoid():
    assert_agrees(light(2, sigmoid=2.5), 2)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    "params",
    [
        {"num_parallel_tree": 3, "subsample": 0.6},
        {"gamma": 20.0},
        {"min_child_weight": ONE_LEAF},
        {"base_score": 0.3},
        {"grow_policy": "lossguide", "max_leaves": 9, "max_depth": 0},
    ],
    ids=str,
)
def test_xgboost_agrees_with_parameters_of_its_own(params, n_classes):
    assert_agrees(extreme(n_classes, **params), n_classes)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    "params",
    [{"min_samples_leaf": ONE_LEAF}, {"class_weight": "balanced"}, {"n_estimators": 1}],
    ids=str,
)
def test_a_forest_agrees_with_parameters_of_its_own(params, n_classes):
    assert_agrees(forest(n_classes, **params), n_classes)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("fit", [light, extreme, forest])
def test_trees_with_branches_for_missing_values_agree_on_whole_rows(fit, n_classes):
    assert_agrees(fit(n_classes, share_missing=0.1), n_classes)


@pytest.mark.parametrize(
    ("fit", "params"),
    [
        (light, {"min_data_in_leaf": ONE_LEAF}),
        (extreme, {"min_child_weight": ONE_LEAF}),
        (forest, {"min_samples_leaf": ONE_LEAF}),
    ],
)
def test_trees_of_one_leaf_are_read_as_one_node(fit, params):
    assert {len(tree.yes) for tree in read_trees(fit(3, **params)).trees} == {1}


def test_a_forest_is_averaged_and_boosters_are_cut_where_they_stopped(estimators):
    assert isinstance(read_trees(estimators["random_forest"]), Averaged)
    light, extreme = estimators["lightgbm"], estimators["xgboost"]
    assert len(read_trees(light).trees) == 3 * light.best_iteration
    assert len(read_trees(extreme).trees) == 3 * (extreme.best_iteration + 1)


def test_an_xgboost_that_was_not_watched_is_read_to_its_end():
    X, y = rows(2)
    booster = xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(X, y), N_ROUNDS)
    assert len(read_trees(booster).trees) == N_ROUNDS


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"linear_tree": True}, "linear"),
        ({"zero_as_missing": True}, "zero-as-missing"),
        ({"objective": "regression"}, "objective regression; train with binary or multiclass"),
    ],
)
def test_a_lightgbm_that_no_sum_of_trees_can_tell_is_refused(params, reason):
    with pytest.raises(ArtifactError, match=reason):
        read_trees(light(2, **params))


def test_a_lightgbm_with_categories_is_refused():
    X = np.random.default_rng(1).integers(0, 9, (500, 1)).astype(np.float32)
    data = lightgbm.Dataset(X, X[:, 0] % 2, categorical_feature=[0])
    booster = lightgbm.train({"objective": "binary", "verbosity": -1}, data, 2)
    with pytest.raises(ArtifactError, match="categorical"):
        read_trees(booster)


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"booster": "dart"}, "dart"),
        ({"booster": "gblinear", "verbosity": 0}, "gblinear"),
        ({"multi_strategy": "multi_output_tree"}, "multi-output"),
        ({"objective": "multi:softmax"}, "objective multi:softmax"),
    ],
)
def test_an_xgboost_that_no_sum_of_trees_can_tell_is_refused(params, reason):
    with pytest.raises(ArtifactError, match=reason):
        read_trees(extreme(3, **params))


def test_an_xgboost_with_categories_is_refused():
    X = np.random.default_rng(1).integers(0, 9, (500, 1)).astype(np.float32)
    data = xgboost.DMatrix(X, X[:, 0] % 2, feature_types=["c"], enable_categorical=True)
    booster = xgboost.train({"objective": "binary:logistic", "max_cat_to_onehot": 1}, data, 2)
    with pytest.raises(ArtifactError, match="categorical"):
        read_trees(booster)


def test_a_forest_of_another_kind_is_refused():
    X, y = rows(2)
    with pytest.raises(ArtifactError, match="cannot export a ExtraTreesClassifier"):
        read_trees(ExtraTreesClassifier(2).fit(X, y))
