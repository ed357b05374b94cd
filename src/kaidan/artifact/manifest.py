"""A model on disk: four files, whole or not there.

The sha256 of the manifest names the model; nothing in it depends on when or where it was trained.
"""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kaidan.artifact.runtime import CONTRACT, GRAPH, MANIFEST
from kaidan.errors import ArtifactError
from kaidan.settings import canonical_json
from kaidan.signal import CLASS_NAMES

REFERENCE = "reference.json"
_REQUIRED = (
    "level",
    "features",
    "dtype",
    "formula_version",
    "contract_sha256",
    "confidence_threshold",
)


def write_bundle(
    folder: Path,
    *,
    graph: bytes,
    contract: Mapping[str, Any],
    reference: Mapping[str, Any],
    metadata: Mapping[str, Any],
) -> str:
    """Write `graph.onnx`, `contract.json`, `reference.json` and their `manifest.json`.

    Parameters
    ----------
    folder : Path
        Made by this call; it appears complete or not at all.
    graph : bytes
        What `export_graph` returned.
    contract : mapping
        `level`, `features` (names in order), `dtype`, `formula_version`, `contract_sha256`.
    reference : mapping
        What `training_reference` returned.
    metadata : mapping
        `confidence_threshold`, and what else a reader of the model should know (weights,
        calibration, ...). Stored beside the contract in `contract.json`, with the class names.

    Returns
    -------
    str
        `model_sha256`: the sha256 of `manifest.json`. Same graph and same words, same sha256.

    Raises
    ------
    ArtifactError
        A required key is absent or given twice, a value is not JSON, or the folder exists or
        cannot be written.
    """
    files = {
        CONTRACT: _json(CONTRACT, _contract(contract, metadata)),
        GRAPH: graph,
        REFERENCE: _json(REFERENCE, reference),
    }
    listed = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        for name, data in files.items()
    }
    manifest = canonical_json({"files": listed, "schema": 1})
    _write_whole(folder, files | {MANIFEST: manifest})
    return hashlib.sha256(manifest).hexdigest()


def _contract(contract: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, Any]:
    doubled = sorted((contract.keys() | {"classes"}) & metadata.keys())
    if doubled:
        raise ArtifactError(f"metadata repeats keys of the contract: {', '.join(doubled)}")
    whole = {**contract, "classes": list(CLASS_NAMES), **metadata}
    absent = [key for key in _REQUIRED if key not in whole]
    if absent:
        raise ArtifactError(f"{CONTRACT} would lack {', '.join(absent)}; a model needs them")
    return whole


def _json(name: str, value: Mapping[str, Any]) -> bytes:
    try:
        return canonical_json(value)
    except (TypeError, ValueError) as error:
        raise ArtifactError(f"{name} would not be plain JSON: {error}") from error


def _write_whole(folder: Path, files: Mapping[str, bytes]) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as staging:
            unfinished = Path(staging) / folder.name
            unfinished.mkdir()
            for name, data in files.items():
                with (unfinished / name).open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
            _sync(unfinished)
            unfinished.replace(folder)
        _sync(folder.parent)
    except OSError as error:
        raise ArtifactError(
            f"cannot write the model to {folder} ({error.strerror}); a bundle is written once, "
            "choose a folder that does not exist and can be written"
        ) from error


def _sync(folder: Path) -> None:
    """Make the names in a folder as durable as the bytes behind them."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
