"""Members fitted natively on columns that are hard to export: prices near 10**7 and products near
10**11, where neighbouring float32 numbers are 1 and 8,192 apart."""

from collections.abc import Sequence
from typing import Any

import lightgbm
import numpy as np
import xgboost
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.ensemble import RandomForestClassifier

from kaidan.artifact.export import ExportMember, export_graph
from kaidan.artifact.parity import Parity, check_parity
from kaidan.learning.members import tree_proba

Members = list[ExportMember]
NAMES = ["price", "product", "flag", "trend", "swing", "noise", "unused"]
COLUMNS = np.array([0, 1, 2, 3, 4, 5])
CALIBRATION = (
    np.array([[1.2, -0.1, 0.0], [0.1, 0.9, 0.1], [0.0, -0.2, 1.1]]),
    np.array([-0.3, 0.4, -0.1]),
)


def yen_rows(n_rows: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    price = 10_000_000 + rng.integers(-60, 60, n_rows)
    product = 100_000_000_000 + 8_192 * rng.integers(-40, 40, n_rows)
    flag = rng.integers(0, 2, n_rows)
    trend, swing, noise, unused = rng.normal(size=(4, n_rows))
    score = (price - 1e7) / 40 + (product - 1e11) / 4e5 + trend + flag - 0.5
    y = np.digitize(score + rng.normal(size=n_rows), [-1.0, 1.0])
    X = np.column_stack([price, product, flag, trend, swing, noise, unused]).astype(np.float32)
    return X, y


def fit_members(X: Any, y: NDArray[np.int64], rounds: int = 120) -> dict[str, Any]:
    """The three members, the boosters stopped early on the last fifth of the rows."""
    cut = len(X) * 4 // 5
    k = len(np.unique(y))
    light = lightgbm.train(
        {
            "objective": "multiclass" if k > 2 else "binary",
            "num_class": k if k > 2 else 1,
            "num_leaves": 15,
            "seed": 1,
            "num_threads": 1,
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
        },
        lightgbm.Dataset(X[:cut], y[:cut]),
        num_boost_round=rounds,
        valid_sets=[lightgbm.Dataset(X[cut:], y[cut:])],
        callbacks=[lightgbm.early_stopping(5, verbose=False)],
    )
    extreme = xgboost.train(
        {"objective": "multi:softprob", "num_class": k}
        | {"max_depth": 4, "seed": 1, "nthread": 1, "tree_method": "hist"}
        if k > 2
        else {"objective": "binary:logistic", "max_depth": 4, "seed": 1, "nthread": 1},
        xgboost.DMatrix(X[:cut], y[:cut]),
        num_boost_round=rounds,
        evals=[(xgboost.DMatrix(X[cut:], y[cut:]), "watched")],
        early_stopping_rounds=5,
        verbose_eval=False,
    )
    forest = RandomForestClassifier(rounds, max_depth=7, random_state=1, n_jobs=1)
    forest.fit(X[:cut], y[:cut])
    return {"lightgbm": light, "xgboost": extreme, "random_forest": forest}


def as_members(
    trees: dict[str, Any],
    weights: Sequence[float] = (0.4, 0.4, 0.2),
    classes: Sequence[int] = (0, 1, 2),
    calibrated: bool = True,
) -> Members:
    matrix, bias = CALIBRATION if calibrated else (None, None)
    return [
        ExportMember(name, fitted, weight, np.array(classes), matrix, bias)
        for (name, fitted), weight in zip(trees.items(), weights, strict=True)
    ]


def native(members: Members, X: NDArray[np.float32]) -> NDArray[np.float64]:
    """The ensemble's answer by the members' own libraries, in double."""
    answer = np.zeros((len(X), 3))
    for member in members:
        p = np.zeros((len(X), 3))
        p[:, member.classes] = tree_proba(member.trees, X)
        if member.calibration_matrix is not None:
            logs = np.log(np.clip(p, 1e-6, 1))
            p = softmax(logs @ member.calibration_matrix.T + member.calibration_bias, axis=1)
        answer += member.weight * p
    return answer / sum(member.weight for member in members)


def parity(members: Members, X: NDArray[np.float32], columns: NDArray[np.int_] = COLUMNS) -> Parity:
    graph = export_graph(members, columns, X.shape[1])
    return check_parity(graph, native(members, X[:, columns]), X)


def assert_exact(found: Parity, least_rows: int) -> None:
    assert found.n_rows >= least_rows
    assert found.max_difference <= 1e-5
    assert found.argmax_flips == 0
