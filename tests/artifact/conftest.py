"""One fitted ensemble, its graph and its bundle, shared by the tests of this folder."""

import importlib
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from kaidan.artifact.export import export_graph
from kaidan.artifact.manifest import write_bundle
from kaidan.artifact.reference import training_reference
from tests.artifact.hard_members import COLUMNS, NAMES, Members, as_members, fit_members, yen_rows


@pytest.fixture(scope="session")
def estimators() -> dict[str, Any]:
    X, y = yen_rows(4_000, seed=1)
    return fit_members(X[:, COLUMNS], y)


@pytest.fixture(scope="session")
def members(estimators: dict[str, Any]) -> Members:
    return as_members(estimators)


@pytest.fixture(scope="session")
def graph(members: Members) -> bytes:
    return export_graph(members, COLUMNS, len(NAMES))


@pytest.fixture(scope="session")
def frame() -> pd.DataFrame:
    return pd.DataFrame(yen_rows(50, seed=9)[0].astype("float64"), columns=NAMES)


@pytest.fixture(scope="session")
def parts(graph: bytes, frame: pd.DataFrame) -> dict[str, Any]:
    """What `write_bundle` is given."""
    return {
        "graph": graph,
        "contract": {
            "level": 2,
            "features": NAMES,
            "dtype": "float32",
            "formula_version": 1,
            "contract_sha256": "c" * 64,
        },
        "reference": training_reference(frame),
        "metadata": {"confidence_threshold": 0.45, "weights": {"lightgbm": 0.4}},
    }


@pytest.fixture
def bundle(tmp_path: Path, parts: dict[str, Any]) -> tuple[Path, str]:
    folder = tmp_path / "bundle"
    return folder, write_bundle(folder, **parts)


@pytest.fixture(scope="session")
def mlflow() -> ModuleType:
    """Imported where its own warnings (of its type hints) are no errors of ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        importlib.import_module("mlflow.pyfunc")
        return importlib.import_module("mlflow")
