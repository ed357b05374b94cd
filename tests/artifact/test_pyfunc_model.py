"""Logged to a real store, then loaded as a client would: another process, no kaidan, no pickles."""

import ast
import importlib.util
import json
import os
import py_compile
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kaidan.artifact import package
from kaidan.artifact.manifest import write_bundle
from kaidan.artifact.package import log_arguments
from kaidan.artifact.runtime import Runtime

CLIENT = """
import json, sys, warnings
sys.modules["kaidan"] = None
import mlflow, pandas as pd
uri, folder = sys.argv[1:]
mlflow.set_tracking_uri("sqlite:///" + folder + "/mlflow.db")
model = mlflow.pyfunc.load_model(uri)
frame = pd.read_parquet(folder + "/frame.parquet")
warnings.simplefilter("ignore")
def tried(frame):
    try:
        return model.predict(frame).to_dict("list")
    except Exception as error:
        return str(error)
print(json.dumps({
    "plain": tried(frame),
    "shuffled": tried(frame[frame.columns[::-1]]),
    "extra": tried(frame.assign(extra="a word")),
    "missing": tried(frame.drop(columns="swing")),
    "empty value": tried(frame.assign(noise=float("nan"))),
    "endless value": tried(frame.assign(noise=float("inf"))),
    "single precision": tried(frame.astype("float32")),
    "whole numbers": tried(frame.astype({"flag": "int64"})),
    "index": model.predict(frame.set_index(frame.index + 100)).index.tolist(),
    "modules": sorted(name for name in sys.modules if name.startswith(("kaidan", "_runtime"))),
}))
"""


@pytest.fixture(scope="module")
def logged(tmp_path_factory, parts, frame, mlflow) -> tuple[Path, str, Path]:
    """Folder of the store, address of the model, folder of its files."""
    folder = tmp_path_factory.mktemp("store")
    model_sha256 = write_bundle(folder / "bundle", **parts)
    arguments = log_arguments(folder / "bundle", example=frame.head(2), model_sha256=model_sha256)
    before = mlflow.get_tracking_uri()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's own, of its store and its libraries
        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        try:
            experiment = mlflow.create_experiment("logged", str(folder / "artifacts"))
            with mlflow.start_run(experiment_id=experiment):
                info = mlflow.pyfunc.log_model(name="model", **arguments)
        finally:
            mlflow.set_tracking_uri(before)
    frame.to_parquet(folder / "frame.parquet")
    (files,) = (path.parent for path in folder.glob("artifacts/**/MLmodel"))
    return folder, info.model_uri, files


@pytest.fixture(scope="module")
def client(logged) -> dict:
    """What another process sees."""
    folder, uri, _ = logged
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, uri, str(folder)],
        cwd=folder,
        env=os.environ,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_client_without_kaidan_gets_what_the_runtime_answers(client, logged, frame):
    runtime = Runtime.open(logged[0] / "bundle")
    probabilities = runtime.predict(frame.to_numpy())
    decided, confidence = runtime.decide(probabilities)
    answer = pd.DataFrame(client["plain"])
    assert list(answer) == ["signal", "confidence", "p_sell", "p_hold", "p_buy"]
    assert answer["signal"].tolist() == [runtime.classes[place] for place in decided]
    assert len(set(answer["signal"])) == 3
    np.testing.assert_array_equal(answer["confidence"], confidence)
    np.testing.assert_array_equal(answer.iloc[:, 2:], probabilities)


@pytest.mark.parametrize("frame_of", ["shuffled", "extra", "single precision", "whole numbers"])
def test_another_frame_of_the_same_values_gets_the_same_answer(client, frame_of):
    assert client[frame_of] == client["plain"]


def test_a_missing_feature_is_refused_by_name(client):
    assert "missing" in client["missing"]
    assert "swing" in client["missing"]


@pytest.mark.parametrize(("frame_of", "word"), [("empty value", "nan"), ("endless value", "inf")])
def test_a_value_that_is_not_finite_is_refused_by_name(client, frame_of, word):
    assert client[frame_of] == f"feature noise of row 0 is {word}, not finite"


def test_answers_keep_the_index_of_the_rows(client, frame):
    assert client["index"] == (frame.index + 100).tolist()


def test_the_runtime_is_private_to_its_model(client):
    assert client["modules"] == ["kaidan"]


def test_nothing_that_was_logged_is_pickled(client, logged):
    # A client that loads the model where it was logged leaves Python's bytecode beside it.
    files = [p for p in logged[2].rglob("*") if p.is_file() and p.parent.name != "__pycache__"]
    assert client["plain"]
    endings = {path.suffix for path in files}
    assert endings <= {"", ".json", ".onnx", ".py", ".txt", ".yaml"}
    assert not any(path.read_bytes().startswith(b"\x80") for path in files)
    assert "python_model:" not in (logged[2] / "MLmodel").read_text()


def test_a_clean_environment_needs_four_packages_and_not_kaidan(logged):
    requirements = (logged[2] / "requirements.txt").read_text().splitlines()
    names = [line.split("==")[0] for line in requirements]
    assert names == ["mlflow", "numpy", "pandas", "onnxruntime"]


@pytest.fixture
def copied(logged, tmp_path) -> Path:
    """The files of the model, to be changed."""
    return Path(shutil.copytree(logged[2], tmp_path / "model"))


def test_a_tampered_model_is_not_loaded(copied, mlflow):
    contract = copied / "artifacts" / "bundle" / "contract.json"
    contract.write_bytes(contract.read_bytes().replace(b"0.45", b"0.05"))
    with pytest.raises(Exception, match=r"contract\.json has another sha256"):
        mlflow.pyfunc.load_model(str(copied))


def test_a_tampered_runtime_is_not_executed(copied, tmp_path, mlflow):
    runtime = copied / "artifacts" / "runtime.py"
    trace = tmp_path / "executed"
    runtime.write_bytes(f"open({str(trace)!r}, 'w')\n".encode() + runtime.read_bytes())
    with pytest.raises(ImportError, match="is not the runtime that was logged; fetch") as refused:
        mlflow.pyfunc.load_model(str(copied))
    assert "\n" not in str(refused.value)
    assert not trace.exists()


def test_byte_code_in_the_place_of_the_runtime_is_not_executed(copied, tmp_path, frame, mlflow):
    runtime = copied / "artifacts" / "runtime.py"
    trace = tmp_path / "executed"
    evil = tmp_path / "runtime.py"
    evil.write_text(f"open({str(trace)!r}, 'w')\n")
    cached = Path(importlib.util.cache_from_source(str(runtime)))
    cached.parent.mkdir(exist_ok=True)
    py_compile.compile(
        str(evil), str(cached), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )
    model = mlflow.pyfunc.load_model(str(copied))
    assert len(model.predict(frame)) == len(frame)
    assert not trace.exists()


def test_loading_leaves_no_byte_code_of_the_runtime(copied, mlflow, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    mlflow.pyfunc.load_model(str(copied))
    assert not (copied / "artifacts" / "__pycache__").exists()


def test_two_models_with_runtimes_of_their_own_live_in_one_process(logged, frame, mlflow):
    models = [mlflow.pyfunc.load_model(str(logged[2])) for _ in range(2)]
    kinds = {type(model.unwrap_python_model()._runtime) for model in models}
    assert len(kinds) == 2
    answers = [model.predict(frame) for model in models]
    pd.testing.assert_frame_equal(*answers)


def test_the_script_imports_what_the_requirements_name_only():
    script = Path(package.__file__).with_name("pyfunc_model.py")
    tree = ast.parse(script.read_text(encoding="utf-8"))
    imported = {
        str(node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imported - set(sys.stdlib_module_names) == {"mlflow", "numpy", "pandas"}
