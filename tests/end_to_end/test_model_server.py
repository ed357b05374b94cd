"""`mlflow models serve` of what is live answers as the bot's own runtime does."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import requests

from kaidan import FeatureManager
from kaidan.artifact.runtime import Runtime
from kaidan.market.sample import sample_bars
from kaidan.registry.store import fetch_bundle, live_version
from tests.release import release, store

__all__ = ["release", "store"]

LEVEL = 2
PATIENCE_S = 90


@pytest.fixture
def served(store, tmp_path) -> Iterator[str]:
    """Address of a server of the live version."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local"),
        *("-m", f"models:/ensemble_level{LEVEL}/Production", "--port", str(port)),
    ]
    environment = os.environ | {
        "MLFLOW_TRACKING_URI": f"sqlite:///{store}",
        # The server starts `uvicorn` by name.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    with (tmp_path / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + PATIENCE_S
        while not _answers(address):
            assert server.poll() is None, (tmp_path / "server.log").read_text()
            assert time.monotonic() < until, (tmp_path / "server.log").read_text()
            time.sleep(0.3)
        yield address
    finally:
        server.terminate()
        server.wait()


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/ping", timeout=5).ok
    except requests.ConnectionError:
        return False


def _row() -> pd.DataFrame:
    manager = FeatureManager()
    features = manager.generate_features(sample_bars())
    return features[list(manager.get_feature_names(LEVEL))].tail(1)


def test_one_row_is_answered_as_by_the_runtime(served: str, tmp_path) -> None:
    row = _row()
    request = {"dataframe_split": {"columns": list(row.columns), "data": row.to_numpy().tolist()}}
    answer = requests.post(f"{served}/invocations", json=request, timeout=30)
    assert answer.status_code == 200, answer.text
    (said,) = answer.json()["predictions"]
    version = live_version(LEVEL)
    bundle = fetch_bundle(version, tmp_path)
    runtime = Runtime.open(bundle, expected_sha256=version.tag("model_sha256"))
    expected = runtime.predict(row.to_numpy())
    decided, confidence = runtime.decide(expected)
    assert said["signal"] == runtime.classes[decided[0]]
    assert said["confidence"] == pytest.approx(float(confidence[0]))
    assert np.allclose([said["p_sell"], said["p_hold"], said["p_buy"]], expected[0])


def test_a_missing_feature_is_refused_by_name(served: str) -> None:
    row = _row().drop(columns="rsi_14")
    request = {"dataframe_split": {"columns": list(row.columns), "data": row.to_numpy().tolist()}}
    answer = requests.post(f"{served}/invocations", json=request, timeout=30)
    assert answer.status_code == 400
    assert "rsi_14" in answer.text
