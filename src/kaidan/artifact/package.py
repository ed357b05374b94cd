"""How a bundle is handed to MLflow: what travels along, what a clean environment must install."""

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from kaidan.artifact.runtime import Runtime, RuntimeRefusal
from kaidan.errors import ArtifactError

_NEEDED = ("mlflow", "numpy", "pandas", "onnxruntime")


def log_arguments(bundle: Path, *, example: pd.DataFrame, model_sha256: str) -> dict[str, Any]:
    """Keyword arguments for `mlflow.pyfunc.log_model`, all but the name.

    Parameters
    ----------
    bundle : Path
        What `write_bundle` wrote.
    example : DataFrame of shape (n, at least n_features)
        A few rows that the model can answer; shown to users and used to try the model out.
    model_sha256 : str
        What `write_bundle` returned; checked here and again at each loading.

    Returns
    -------
    dict
        Nothing in it is pickled: the model is a script, a runtime and a verified bundle.

    Raises
    ------
    ArtifactError
        The bundle is not what was written, or the example cannot be answered.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    try:
        runtime = Runtime.open(bundle, expected_sha256=model_sha256)
        inputs = example.iloc[:, runtime.order(list(example.columns))].astype("float64")
        runtime.predict(inputs.to_numpy())
    except RuntimeRefusal as error:
        raise ArtifactError(f"not logged: {error}") from error
    probabilities = [ColSpec("double", f"p_{name.lower()}") for name in runtime.classes]
    here = Path(__file__).parent
    code = here / "runtime.py"
    return {
        "python_model": str(here / "pyfunc_model.py"),
        "artifacts": {"bundle": str(bundle), "runtime": str(code)},
        "model_config": {
            "model_sha256": model_sha256,
            "runtime_sha256": hashlib.sha256(code.read_bytes()).hexdigest(),
        },
        "signature": ModelSignature(
            inputs=Schema([ColSpec("double", name) for name in runtime.features]),
            outputs=Schema(
                [ColSpec("string", "signal"), ColSpec("double", "confidence"), *probabilities]
            ),
        ),
        "input_example": inputs,
        # MLflow would copy uv.lock and pyproject.toml out of the working directory, and restore
        # the training environment instead of the four packages; in the bundle it finds neither.
        "uv_project_path": str(bundle),
        "pip_requirements": [f"{package}=={version(package)}" for package in _NEEDED],
    }
