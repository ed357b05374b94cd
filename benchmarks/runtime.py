"""One row through the runtime against the three members through their scikit-learn APIs.

Run: `python benchmarks/runtime.py`. Prints one JSON object; times are medians in microseconds.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import sklearn
import xgboost
from sklearn.ensemble import RandomForestClassifier

from kaidan.artifact.export import ExportMember, export_graph
from kaidan.artifact.manifest import write_bundle
from kaidan.artifact.parity import check_parity
from kaidan.artifact.reference import training_reference
from kaidan.artifact.runtime import Runtime

N_FEATURES, N_ROWS, N_TREES, FIT_THREADS = 62, 6_000, 200, 2
WEIGHTS = {"lightgbm": 0.4, "xgboost": 0.4, "random_forest": 0.2}


def training_rows() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(7)
    X = rng.normal(size=(N_ROWS, N_FEATURES))
    y = np.digitize(X[:, 0] + 0.5 * X[:, 1] + rng.normal(size=N_ROWS), [-0.8, 0.8])
    names = [f"feature_{place}" for place in range(N_FEATURES)]
    return pd.DataFrame(X.astype(np.float32), columns=names), y


def fitted(X: pd.DataFrame, y: np.ndarray) -> dict[str, object]:
    members = {
        "lightgbm": lightgbm.LGBMClassifier(
            n_estimators=N_TREES, num_leaves=15, n_jobs=FIT_THREADS, verbosity=-1
        ),
        "xgboost": xgboost.XGBClassifier(n_estimators=N_TREES, max_depth=4, n_jobs=FIT_THREADS),
        "random_forest": RandomForestClassifier(N_TREES, max_depth=8, n_jobs=FIT_THREADS),
    }
    return {name: member.fit(X, y) for name, member in members.items()}


def median_us(call: Callable[[], object], repeats: int) -> float:
    for _ in range(max(repeats // 10, 3)):
        call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter_ns()
        call()
        times.append(time.perf_counter_ns() - start)
    return float(np.median(times)) / 1_000


def main() -> None:
    X, y = training_rows()
    members = fitted(X, y)
    row = X.iloc[[0]]
    values = row.to_numpy()

    def ask_members() -> np.ndarray:
        return sum(WEIGHTS[name] * m.predict_proba(row) for name, m in members.items())

    fit_threads_us = median_us(ask_members, 30)
    for member in members.values():
        member.set_params(n_jobs=1)
    one_thread_us = {
        name: median_us(lambda member=member: member.predict_proba(row), 60)
        for name, member in members.items()
    }
    members_us = median_us(ask_members, 60)

    trees = {
        "lightgbm": members["lightgbm"].booster_,
        "xgboost": members["xgboost"].get_booster(),
        "random_forest": members["random_forest"],
    }
    exported = [
        ExportMember(name, trees[name], WEIGHTS[name], np.arange(3), np.eye(3), np.zeros(3))
        for name in members
    ]
    graph = export_graph(exported, np.arange(N_FEATURES), N_FEATURES)
    native = sum(WEIGHTS[name] * member.predict_proba(X) for name, member in members.items())
    parity = check_parity(graph, native, X.to_numpy())
    contract = {
        "level": 2,
        "features": list(X.columns),
        "dtype": "float32",
        "formula_version": 1,
        "contract_sha256": "0" * 64,
    }
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "bundle"
        sha256 = write_bundle(
            bundle,
            graph=graph,
            contract=contract,
            reference=training_reference(X),
            metadata={"confidence_threshold": 0.0},
        )
        artifact_bytes = sum(path.stat().st_size for path in bundle.iterdir())
        start = time.perf_counter()
        runtime = Runtime.open(bundle, expected_sha256=sha256)
        open_ms = 1_000 * (time.perf_counter() - start)
        runtime_us = median_us(lambda: runtime.predict(values), 3_000)
    report = {
        "n_features": N_FEATURES,
        "trees_per_member": N_TREES,
        "runtime_p50_us": round(runtime_us, 1),
        "members_p50_us": round(members_us, 1),
        "members_fit_time_n_jobs_p50_us": round(fit_threads_us, 1),
        "fit_time_n_jobs": FIT_THREADS,
        "each_member_p50_us": {name: round(us, 1) for name, us in one_thread_us.items()},
        "ratio": round(members_us / runtime_us, 1),
        "ratio_fit_time_n_jobs": round(fit_threads_us / runtime_us, 1),
        "open_ms": round(open_ms, 1),
        "artifact_bytes": artifact_bytes,
        "parity_rows": parity.n_rows,
        "parity_max_difference": parity.max_difference,
        "parity_argmax_flips": parity.argmax_flips,
        "versions": {
            module.__name__: module.__version__ for module in (lightgbm, xgboost, sklearn, np)
        },
    }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
