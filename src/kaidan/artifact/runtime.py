"""What answers in production; it travels with every model, to where kaidan is not installed.

numpy, onnxruntime and the standard library, nothing else. No byte of a bundle is interpreted before
it is verified, and the very bytes that were verified are what is opened.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

MANIFEST = "manifest.json"
GRAPH = "graph.onnx"
CONTRACT = "contract.json"
_MANIFEST_MAX_BYTES = 65_536
_SUM_TOLERANCE = 1e-4
_ROWS_AT_ONCE = 2048  # a forest takes 2 KB a row while it answers
_WEIGHTS_FOLDER = "session.model_external_initializers_file_folder_path"


class RuntimeRefusal(Exception):  # noqa: N818  # a refusal is no fault
    """A bundle, a row or an answer that must not be traded on; the message is one line."""


def verify_bundle(
    folder: str | os.PathLike[str], expected_sha256: str | None = None
) -> dict[str, bytes]:
    """Read every file of a bundle once and check it against the manifest.

    Parameters
    ----------
    folder : path
        Holds `manifest.json` and the files that it lists, all of them and no others.
    expected_sha256 : str, optional
        The registered `model_sha256`: the sha256 of `manifest.json`.

    Returns
    -------
    dict of str to bytes
        The verified contents by file name, the manifest included.

    Raises
    ------
    RuntimeRefusal
        The bundle is not, byte for byte, what was written.
    """
    root = Path(folder)
    if root.is_symlink():
        raise RuntimeRefusal(f"{root} is a link; fetch the model again")
    present = _regular_files(root)
    if MANIFEST not in present:
        raise RuntimeRefusal(f"{root} has no {MANIFEST}; fetch the model again")
    manifest = _read(root / MANIFEST, _MANIFEST_MAX_BYTES)
    actual = hashlib.sha256(manifest).hexdigest()
    if expected_sha256 is not None and actual != expected_sha256:
        raise RuntimeRefusal(
            f"{root} is model {actual[:12]}, wanted {expected_sha256[:12]}; fetch the model again"
        )
    listed = _listed(manifest)
    for name in sorted(present ^ {MANIFEST, *listed}):
        fault = "holds a file that its manifest does not list" if name in present else "misses"
        raise RuntimeRefusal(f"{root} {fault}: {name}; fetch the model again")
    files = {MANIFEST: manifest}
    for name, (sha256, size) in listed.items():
        data = _read(root / name, size)
        if len(data) != size or hashlib.sha256(data).hexdigest() != sha256:
            fault = "sha256" if len(data) == size else "size"
            raise RuntimeRefusal(
                f"{root / name} has another {fault} than the manifest; fetch the model again"
            )
        files[name] = data
    return files


def open_session(graph: bytes, threads: int = 1) -> onnxruntime.InferenceSession:
    """Session on the bytes of a graph that gives the same answer every time.

    Raises `RuntimeRefusal` when onnxruntime cannot run this graph.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.use_deterministic_compute = True
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # A graph can name files of weights, that nobody verified: no file lies below the null device.
    options.add_session_config_entry(_WEIGHTS_FOLDER, os.devnull)
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise RuntimeRefusal(
            f"onnxruntime {onnxruntime.__version__} cannot open the graph: {_one_line(error)}"
        ) from error


class Runtime:
    """A verified model, open and ready to answer.

    Parameters
    ----------
    files : dict of str to bytes
        What `verify_bundle` returned.
    threads : int
        Threads of one answer; one row is too little work for more than 1.

    Attributes
    ----------
    features : tuple of str
        Names of the inputs, in the order in which `predict` wants them.
    classes : tuple of str
        Names of the three columns of an answer.
    level : int
    contract_sha256, model_sha256 : str
    confidence_threshold : float
        An answer less probable than this becomes HOLD.
    contract : dict
        All of `contract.json`.
    """

    def __init__(self, files: dict[str, bytes], threads: int = 1) -> None:
        try:
            self.contract: dict[str, Any] = json.loads(files[CONTRACT])
            self.features = tuple(str(name) for name in self.contract["features"])
            self.classes = tuple(str(name) for name in self.contract["classes"])
            self.level = int(self.contract["level"])
            self.contract_sha256 = str(self.contract["contract_sha256"])
            self.confidence_threshold = float(self.contract["confidence_threshold"])
            self._hold = self.classes.index("HOLD")
            graph = files[GRAPH]
        except (KeyError, TypeError, ValueError) as error:
            raise RuntimeRefusal(
                f"the bundle cannot be read ({_one_line(error)}); "
                "it was not written by kaidan.artifact.manifest"
            ) from error
        self.model_sha256 = hashlib.sha256(files[MANIFEST]).hexdigest()
        self._session = open_session(graph, threads)
        width = self._session.get_inputs()[0].shape[1]
        if width != len(self.features):
            raise RuntimeRefusal(
                f"the graph wants {width} features, its contract names {len(self.features)}"
            )

    @classmethod
    def open(
        cls,
        folder: str | os.PathLike[str],
        *,
        expected_sha256: str | None = None,
        threads: int = 1,
    ) -> "Runtime":
        """Verify the bundle in `folder` (see `verify_bundle`), then open it."""
        return cls(verify_bundle(folder, expected_sha256), threads)

    def order(self, names: Sequence[str]) -> NDArray[np.intp]:
        """Positions of the contract's features among a caller's column names.

        Parameters
        ----------
        names : sequence of str
            Any order; names that are not features are passed over.

        Returns
        -------
        ndarray of int, shape (n_features,)
            `values[:, order(names)]` is what `predict` wants.

        Raises `RuntimeRefusal` when a feature is missing, or named twice.
        """
        places: dict[str, int] = {}
        wanted = set(self.features)
        for place, name in enumerate(names):
            if name in places and name in wanted:
                raise RuntimeRefusal(f"feature {name} is given twice; give it once")
            places[name] = place
        missing = [name for name in self.features if name not in places]
        if missing:
            raise RuntimeRefusal(
                f"{len(missing)} of {len(self.features)} features are missing: "
                f"{', '.join(missing)}; level {self.level} needs all of them"
            )
        return np.array([places[name] for name in self.features], dtype=np.intp)

    def predict(self, values: Any) -> NDArray[np.float32]:
        """Probabilities of the classes.

        Parameters
        ----------
        values : array-like of float, shape (n, n_features)
            In the order of `features`; cast to float32, which the model was trained on.

        Returns
        -------
        ndarray of float32, shape (n, 3)
            Each row is finite, not negative and sums to 1.

        Raises `RuntimeRefusal` when a value is no finite float32, or the answer no distribution.
        """
        rows = self._checked(values)
        if len(rows) == 0:
            return np.empty((0, len(self.classes)), dtype=np.float32)
        parts = (rows[n : n + _ROWS_AT_ONCE] for n in range(0, len(rows), _ROWS_AT_ONCE))
        try:
            answers = [self._session.run(None, {"features": part})[0] for part in parts]
        except Exception as error:
            raise RuntimeRefusal(f"the session failed: {_one_line(error)}") from error
        answer: NDArray[np.float32] = np.concatenate(answers)
        # Written so that a NaN fails each comparison.
        if not (answer.min() >= 0 and np.abs(answer.sum(axis=1) - 1).max() <= _SUM_TOLERANCE):
            raise RuntimeRefusal("the answer is not a probability distribution")
        return answer

    def decide(
        self, probabilities: NDArray[np.floating[Any]]
    ) -> tuple[NDArray[np.intp], NDArray[np.floating[Any]]]:
        """Class of each row: the most probable one, or HOLD where none is probable enough.

        Parameters
        ----------
        probabilities : ndarray of shape (n, 3)

        Returns
        -------
        classes : ndarray of int, shape (n,)
            Positions in `self.classes`.
        confidence : ndarray of float, shape (n,)
            Probability of the class that is answered.
        """
        best = probabilities.argmax(axis=1)
        unsure = probabilities.max(axis=1) < self.confidence_threshold
        decided = np.where(unsure, self._hold, best)
        return decided, np.take_along_axis(probabilities, decided[:, None], axis=1)[:, 0]

    def _checked(self, values: Any) -> NDArray[np.float32]:
        try:
            with np.errstate(over="ignore"):
                rows = np.ascontiguousarray(values, dtype=np.float32)
        except (TypeError, ValueError) as error:
            raise RuntimeRefusal(f"features must be numbers: {_one_line(error)}") from error
        if rows.ndim != 2 or rows.shape[1] != len(self.features):
            raise RuntimeRefusal(
                f"got values of shape {rows.shape}, wanted (n, {len(self.features)}): "
                "one column per feature of the contract"
            )
        if not np.isfinite(rows).all():
            row, column = np.argwhere(~np.isfinite(rows))[0]
            raise RuntimeRefusal(
                f"feature {self.features[column]} of row {row} is {rows[row, column]}, not finite"
            )
        return rows


def _regular_files(root: Path) -> set[str]:
    try:
        with os.scandir(root) as entries:
            regular = {entry.name: entry.is_file(follow_symlinks=False) for entry in entries}
    except OSError as error:
        raise RuntimeRefusal(f"cannot read the bundle {root}: {error.strerror}") from error
    for name, is_regular in regular.items():
        if not is_regular:
            raise RuntimeRefusal(f"{root / name} is not a regular file; fetch the model again")
    return set(regular)


def _read(path: Path, size: int) -> bytes:
    """At most one byte more than wanted: enough to see that a file is too long."""
    try:
        with path.open("rb") as file:
            return file.read(size + 1)
    except OSError as error:
        raise RuntimeRefusal(f"cannot read {path}: {error.strerror}") from error


def _listed(manifest: bytes) -> dict[str, tuple[str, int]]:
    try:
        parsed = json.loads(manifest)
        schema = int(parsed["schema"])
        listed = {
            str(name): (str(entry["sha256"]), int(entry["bytes"]))
            for name, entry in parsed["files"].items()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RuntimeRefusal(
            f"{MANIFEST} is not a manifest ({_one_line(error)}); fetch the model again"
        ) from error
    if schema != 1:
        raise RuntimeRefusal(f"{MANIFEST} has schema {schema}, wanted 1; use a newer runtime")
    for name in listed:
        if name in {"", ".", "..", MANIFEST} or "/" in name or "\\" in name:
            raise RuntimeRefusal(f"{MANIFEST} lists {name!r}, which is not a plain file name")
    return listed


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
