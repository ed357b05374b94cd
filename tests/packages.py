"""Models like those of the release, but registered for one test, so that they may be damaged."""

import json
import tempfile
from pathlib import Path

import mlflow
import numpy as np
import onnx
import pandas as pd

from kaidan.artifact.manifest import write_bundle
from kaidan.artifact.parity import Parity
from kaidan.artifact.runtime import verify_bundle
from kaidan.learning.dataset import Dataset
from kaidan.registry.bundle import Bundled
from kaidan.registry.registration import register
from kaidan.registry.store import Version, fetch_bundle, get_version

TAGS = ("level", "contract_sha256", "git_commit", "data_sha256", "learnt_from", "learnt_until")


def bundled_like(version: Version, folder: Path, *, mark: str) -> tuple[Bundled, Dataset]:
    """The bundle of a version with other bytes in every file, and rows to show its users."""
    with tempfile.TemporaryDirectory() as place:
        files = verify_bundle(fetch_bundle(version, Path(place)))
    graph = onnx.load_from_string(files["graph.onnx"])
    graph.doc_string = mark
    contract = json.loads(files["contract.json"])
    del contract["classes"]
    model_sha256 = write_bundle(
        folder,
        graph=graph.SerializeToString(),
        contract=contract,
        reference={**json.loads(files["reference.json"]), "mark": mark},
        metadata={"mark": mark},
    )
    rows = pd.DataFrame(np.zeros((3, len(contract["features"]))), columns=contract["features"])
    whole = Dataset(version.level, rows, np.ones(3, dtype=np.int64), {}, slice(0, 2), slice(2, 3))
    return Bundled(folder, model_sha256, Parity(3, 0.0, 0), 0, True, 0.0), whole


def register_like(level: int, folder: Path, *, mark: str) -> Version:
    """Register such a model, with artifacts of its own, through the real steps."""
    first = get_version(level, 1)
    bundled, dataset = bundled_like(first, folder, mark=mark)
    with mlflow.start_run(experiment_id=mlflow.get_experiment_by_name("kaidan").experiment_id):
        return register(bundled, dataset, {tag: first.tags[tag] for tag in TAGS})


def stored_package(version: Version, artifacts: Path) -> Path:
    """Where a store that keeps its artifacts in a folder of this machine has a version's files."""
    source = mlflow.MlflowClient().get_model_version(version.name, str(version.number)).source
    (folder,) = artifacts.glob(f"*/models/{source.removeprefix('models:/')}/artifacts")
    return folder
