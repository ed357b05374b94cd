"""A version is only moved when all of it is, byte for byte, what was registered, and answers."""

import tempfile
from pathlib import Path

import mlflow
import numpy as np

from kaidan.artifact.contract_check import contract_fault
from kaidan.artifact.package_hash import package_sha256
from kaidan.artifact.runtime import Runtime, RuntimeRefusal, verify_bundle
from kaidan.errors import ArtifactError, RegistryError
from kaidan.registry.store import BUNDLE_PATH, Version, store_errors
from kaidan.settings import Settings

LEGACY = "legacy"


def verify(version: Version, settings: Settings) -> Runtime:
    """Read the whole version back, check hashes and contract, and ask it for one answer.

    Nothing of it is executed: the answer comes from kaidan's own runtime.

    Returns
    -------
    Runtime
        The verified model, open.

    Raises
    ------
    RegistryError
        It is not what was registered, or not for this kaidan, or does not answer.
    """
    if version.tags.get("verdict") == LEGACY:
        raise RegistryError(
            f"{version.name} version {version.number} is imported history: its pickle was "
            "described and is never loaded; name a version that kaidan trained"
        )
    # Threads of a download that failed may still write while the folder is removed.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        package = fetch_package(f"models:/{version.name}/{version.number}", Path(folder))
        return open_package(package, version, settings)


def fetch_package(uri: str, folder: Path) -> Path:
    """Download all of a logged model into `folder`; nothing of it is trusted yet."""
    with store_errors(f"download {uri}"):
        return Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=str(folder)))


def open_package(package: Path, version: Version, settings: Settings) -> Runtime:
    """Verify a downloaded package against the version's tags, and open the bundle in it.

    Raises
    ------
    RegistryError
        As `verify`.
    """
    name = f"{version.name} version {version.number}"
    try:
        # First, for it can tell which file is damaged; it opens none.
        files = verify_bundle(package / BUNDLE_PATH, version.tag("model_sha256"))
        _require_package(package, version)
        runtime = Runtime(files)
        runtime.predict(np.zeros((1, len(runtime.features)), dtype=np.float32))
    except (ArtifactError, RuntimeRefusal) as error:
        # The place that it was downloaded to is gone before anybody reads this.
        reason = str(error).replace(f"{package}/", "")
        raise RegistryError(
            f"{name} is not what was registered: {reason}; train a new version"
        ) from error
    fault = contract_fault(runtime, version.level, version.tag("contract_sha256"), settings)
    if fault:
        raise RegistryError(f"{name} {fault}")
    return runtime


def _require_package(package: Path, version: Version) -> None:
    actual, wanted = package_sha256(package), version.tag("package_sha256")
    if actual != wanted:
        raise ArtifactError(
            f"a file outside the bundle was changed, added or removed (all hash to {actual[:12]}, "
            f"wanted {wanted[:12]})"
        )
