"""From a bundle to a version: logged, read back, compared, and only then registered.

Cut off before the last step it leaves a logged model without a version, which nobody loads.
"""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient

from kaidan.artifact.package import log_arguments
from kaidan.artifact.package_hash import package_sha256
from kaidan.artifact.runtime import RuntimeRefusal, verify_bundle
from kaidan.errors import ArtifactError, RegistryError
from kaidan.learning.dataset import Dataset
from kaidan.registry.bundle import Bundled
from kaidan.registry.insist import insist
from kaidan.registry.store import BUNDLE_PATH, Version, get_version, model_name, store_errors
from kaidan.registry.verification import fetch_package

N_EXAMPLE_ROWS = 3
_RUNTIME_PATH = "artifacts/runtime.py"
_BYTE_CODE_FOLDER = "__pycache__"


def register(bundled: Bundled, dataset: Dataset, tags: Mapping[str, str]) -> Version:
    """Log a bundle in the active run and register it, with all its tags at once.

    Parameters
    ----------
    bundled : Bundled
    dataset : Dataset
        Its level names the model; its last rows are the example that users see.
    tags : mapping
        What else the version tells of itself: level, contract, data, code.

    Raises
    ------
    ArtifactError
        The bundle cannot answer the example; nothing was logged.
    RegistryError
        What was read back is not what was written, or the store fails; there is no version.
    """
    name = model_name(dataset.level)
    arguments = log_arguments(
        bundled.folder,
        example=dataset.features.iloc[-N_EXAMPLE_ROWS:],
        model_sha256=bundled.model_sha256,
    )
    with store_errors(f"log a model of {name}"):
        uri = _log(name, arguments)
    package_hash = _read_back(uri, bundled.model_sha256, arguments)
    with store_errors(f"register a version of {name}"):
        registered = insist(
            mlflow.register_model,
            uri,
            name,
            tags={
                **tags,
                "verdict": "not judged",
                "n_features": str(dataset.features.shape[1]),
                "model_sha256": bundled.model_sha256,
                "package_sha256": package_hash,
            },
        )
    return get_version(dataset.level, int(registered.version))


def _log(name: str, arguments: Mapping[str, Any]) -> str:
    with _no_byte_code(), tempfile.TemporaryDirectory() as folder:
        logged = mlflow.pyfunc.log_model(name=name, **arguments)
        # Python would leave byte code beside the script when a client loads the model where it
        # is stored: a file that is executed, and that no hash knows. In this place it cannot.
        barrier = Path(folder) / _BYTE_CODE_FOLDER
        barrier.write_text("A file, so that Python keeps no byte code here.\n", encoding="utf-8")
        MlflowClient().log_model_artifact(logged.model_id, str(barrier))
    return str(logged.model_uri)


def _read_back(uri: str, model_sha256: str, arguments: Mapping[str, Any]) -> str:
    """Hash of the package as the store gives it out, if it holds what was logged."""
    # Threads of a download that failed may still write while the folder is removed.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        package = fetch_package(uri, Path(folder))
        try:
            verify_bundle(package / BUNDLE_PATH, model_sha256)
            _require_same(package / "pyfunc_model.py", Path(arguments["python_model"]))
            _require_same(package / _RUNTIME_PATH, Path(arguments["artifacts"]["runtime"]))
            return package_sha256(package)
        except (ArtifactError, RuntimeRefusal, OSError) as error:
            raise RegistryError(
                f"{uri} does not read back as it was logged: {' '.join(str(error).split())}; "
                "nothing was registered; look after the artifact store and train again"
            ) from error


def _require_same(logged: Path, source: Path) -> None:
    if logged.read_bytes() != source.read_bytes():
        raise ArtifactError(f"{logged.name} has other bytes than {source}")


@contextmanager
def _no_byte_code() -> Iterator[None]:
    """MLflow tries the example out before it uploads, and would upload the byte code as well."""
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
