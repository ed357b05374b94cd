import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from kaidan.artifact.export import export_graph
from kaidan.artifact.parity import check_parity
from kaidan.artifact.runtime import open_session
from kaidan.errors import ArtifactError
from tests.artifact.hard_members import (
    COLUMNS,
    NAMES,
    Members,
    as_members,
    assert_exact,
    fit_members,
    native,
    parity,
    yen_rows,
)


def rows_at_every_threshold(members: Members, X) -> np.ndarray:
    """For each split: a row with the value at the threshold and one step of float32 either way."""
    splits = set()
    for member in members:
        fitted = member.trees
        if member.name == "lightgbm":
            trees = fitted.trees_to_dataframe().dropna(subset="threshold")
            places = trees["split_feature"].str.removeprefix("Column_").astype(int)
            splits |= set(zip(places, trees["threshold"], strict=True))
        elif member.name == "xgboost":
            trees = fitted.trees_to_dataframe().dropna(subset="Split")
            places = trees["Feature"].str.removeprefix("f").astype(int)
            splits |= set(zip(places, trees["Split"], strict=True))
        else:
            for tree in (each.tree_ for each in fitted.estimators_):
                inner = tree.children_left >= 0
                splits |= set(zip(tree.feature[inner], tree.threshold[inner], strict=True))
    rows = []
    rng = np.random.default_rng(5)
    for feature, threshold in sorted(splits):
        nearest = np.float32(threshold)
        for value in (
            nearest,
            np.nextafter(nearest, np.float32(np.inf)),
            np.nextafter(nearest, np.float32(-np.inf)),
        ):
            row = X[rng.integers(len(X))].copy()
            row[COLUMNS[feature]] = value
            rows.append(row)
    return np.array(rows)


@pytest.mark.parametrize("calibrated", [True, False])
def test_the_graph_agrees_with_the_members_on_unseen_yen_sized_rows(estimators, calibrated):
    X, _ = yen_rows(5_000, seed=2)
    assert_exact(parity(as_members(estimators, calibrated=calibrated), X), 5_000)


@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "random_forest"])
def test_each_member_agrees_at_and_around_every_one_of_its_thresholds(members, name):
    alone = [member for member in members if member.name == name]
    rows = rows_at_every_threshold(alone, yen_rows(500, seed=3)[0])
    assert_exact(parity(alone, rows), 1_000)


def test_the_ensemble_agrees_at_and_around_every_threshold(members):
    rows = rows_at_every_threshold(members, yen_rows(500, seed=4)[0])
    assert_exact(parity(members, rows), 10_000)


def test_the_boosters_of_these_tests_stopped_early(estimators):
    light, extreme = estimators["lightgbm"], estimators["xgboost"]
    assert light.best_iteration == light.num_trees() // 3 < 120
    assert extreme.best_iteration + 1 < extreme.num_boosted_rounds() < 120


def test_members_without_early_stopping_agree():
    X, y = yen_rows(2_500, seed=6)
    found = fit_members(X[:, COLUMNS], y, rounds=4)
    assert_exact(parity(as_members(found), X), 2_500)


@pytest.mark.parametrize("classes", [(0, 1), (0, 2), (1, 2)])
@pytest.mark.parametrize("calibrated", [True, False])
def test_members_that_never_saw_a_class_still_answer_three(classes, calibrated):
    X, y = yen_rows(2_500, seed=7)
    found = fit_members(X[:, COLUMNS], (y > 0).astype(int), rounds=20)
    assert_exact(parity(as_members(found, classes=classes, calibrated=calibrated), X), 2_500)


@pytest.mark.parametrize("weights", [(0, 0.4, 0.2), (0.4, 0, 0.2), (3, 4, 0), (0, 0, 1)])
def test_weights_are_normalised_and_a_member_without_one_is_left_out(estimators, weights):
    X, _ = yen_rows(2_000, seed=8)
    members = as_members(estimators, weights=weights)
    assert_exact(parity(members, X), 2_000)
    operators = [n.op_type for n in onnx.load_from_string(graph_of(members)).graph.node]
    assert operators.count("TreeEnsemble") == sum(weight > 0 for weight in weights)


def test_members_fitted_on_a_named_frame_agree():
    X, y = yen_rows(2_000, seed=10)
    names = pd.DataFrame(X[:, COLUMNS], columns=[NAMES[c] for c in COLUMNS])
    members = as_members(fit_members(names, y, rounds=5))
    assert list(members[0].trees.feature_name()) == list(names.columns)
    assert_exact(check_parity(graph_of(members), native(members, names), X), 2_000)


def test_columns_may_come_in_any_order():
    X, y = yen_rows(2_000, seed=11)
    columns = np.array([4, 0, 3])
    members = as_members(fit_members(X[:, columns], y, rounds=10))
    assert_exact(parity(members, X, columns), 2_000)


def test_rows_sum_to_one_within_a_millionth(estimators):
    X, _ = yen_rows(3_000, seed=12)
    graph = graph_of(as_members(estimators, calibrated=False))
    answer = open_session(graph).run(None, {"features": X})[0]
    assert np.abs(answer.sum(axis=1, dtype=np.float64) - 1).max() < 1e-6


def test_one_row_alone_is_answered_as_among_others(graph):
    X, _ = yen_rows(300, seed=13)
    session = open_session(graph)
    together = session.run(None, {"features": X})[0]
    alone = np.vstack([session.run(None, {"features": row[None]})[0] for row in X])
    np.testing.assert_allclose(together, alone, rtol=0, atol=5e-7)
    np.testing.assert_array_equal(together.argmax(axis=1), alone.argmax(axis=1))


def test_members_agree_on_real_yen_bars(yen_bars):
    X, y = bar_table(yen_bars)
    columns = np.arange(X.shape[1])
    members = as_members(fit_members(X[:3_000], y[:3_000]))
    assert_exact(parity(members, X, columns), 5_000)


def test_members_agree_on_real_dollar_bars(real_bars):
    X, y = bar_table(real_bars.iloc[:12_000])
    columns = np.arange(X.shape[1])
    members = as_members(fit_members(X[:5_000], y[:5_000]))
    assert_exact(parity(members, X, columns), 11_000)


def test_the_same_members_give_the_same_bytes(members, graph):
    assert graph_of(members) == graph


def test_two_processes_give_the_same_bytes():
    script = (
        "import hashlib\n"
        "from kaidan.artifact.export import export_graph\n"
        "from tests.artifact import hard_members as hard\n"
        "X, y = hard.yen_rows(1_000, seed=1)\n"
        "members = hard.as_members(hard.fit_members(X[:, hard.COLUMNS], y, rounds=5))\n"
        "graph = export_graph(members, hard.COLUMNS, len(hard.NAMES))\n"
        "print(hashlib.sha256(graph).hexdigest())\n"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=Path(__file__).parents[2],
            env={"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1


def test_a_graph_names_its_opsets_and_takes_and_gives_float32(graph):
    model = onnx.load_from_string(graph)
    assert {(o.domain, o.version) for o in model.opset_import} == {("", 17), ("ai.onnx.ml", 5)}
    floats = [v.type.tensor_type.elem_type for v in (*model.graph.input, *model.graph.output)]
    assert floats == [onnx.TensorProto.FLOAT] * 2


def test_a_graph_keeps_to_the_standard(graph):
    onnx.checker.check_model(onnx.load_from_string(graph), full_check=True)


def test_an_ensemble_in_which_nobody_votes_is_refused(estimators):
    with pytest.raises(ArtifactError, match="wanted at least one"):
        graph_of(as_members(estimators, weights=(0, 0, 0)))


def test_two_members_of_one_name_are_refused(members):
    with pytest.raises(ArtifactError, match="no name twice"):
        graph_of([members[0], members[0]])


@pytest.mark.parametrize("columns", [[], [-1], [7]])
def test_columns_outside_the_features_are_refused(members, columns):
    with pytest.raises(ArtifactError, match="not positions among 7 features"):
        export_graph(members, np.array(columns, dtype=int), 7)


def test_an_estimator_of_another_kind_is_refused(members):
    stranger = LogisticRegression().fit([[0.0], [1.0], [2.0]], [0, 1, 2])
    with pytest.raises(ArtifactError, match="cannot export a LogisticRegression"):
        graph_of([replace(members[0], trees=stranger)])


@pytest.mark.parametrize("classes", [[0], [0, 0, 1], [0, 1, 3]])
def test_classes_that_are_no_signals_are_refused(members, classes):
    with pytest.raises(ArtifactError, match="two or three different ones"):
        replace(members[0], classes=np.array(classes))


def test_fewer_classes_than_the_trees_answer_are_refused(members):
    with pytest.raises(ArtifactError, match="one class per column"):
        graph_of([replace(members[0], classes=np.array([0, 1]))])


@pytest.mark.parametrize("weight", [-0.1, float("nan"), float("inf")])
def test_a_weight_that_is_no_share_is_refused(members, weight):
    with pytest.raises(ArtifactError, match="at least 0"):
        replace(members[0], weight=weight)


def test_half_a_calibration_is_refused(members):
    with pytest.raises(ArtifactError, match="or neither"):
        replace(members[0], calibration_bias=None)


def graph_of(members: Members) -> bytes:
    return export_graph(members, COLUMNS, len(NAMES))


def bar_table(bars: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Prices, products of price and volume, averages and returns; labels from the next 4 hours."""
    close, volume = bars["close"], bars["volume"]
    table = pd.DataFrame({name: bars[name] for name in ("open", "high", "low", "close", "volume")})
    table["turnover"] = close * volume * 1_000
    table["sma_20"] = close.rolling(20).mean()
    table["vwap_96"] = (close * volume).rolling(96).sum() / volume.rolling(96).sum()
    for lag in (1, 4, 16, 96):
        table[f"return_{lag}"] = np.log(close / close.shift(lag))
    future = close.shift(-16) / close - 1
    whole = table.notna().all(axis=1) & future.notna()
    y = np.digitize(future[whole], [-0.003, 0.003])
    return table[whole].to_numpy(dtype=np.float32), y
