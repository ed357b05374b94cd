"""From a fitted ensemble to a bundle on disk that was shown to say the same."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kaidan.artifact.export import ExportMember, export_graph
from kaidan.artifact.full_reference import full_reference
from kaidan.artifact.manifest import write_bundle
from kaidan.artifact.parity import Parity, check_parity
from kaidan.artifact.reference_answers import answer_columns
from kaidan.artifact.runtime import GRAPH, Runtime
from kaidan.errors import ArtifactError
from kaidan.features.contract import Contract
from kaidan.learning.dataset import Dataset
from kaidan.learning.ensemble import ProductionEnsemble
from kaidan.learning.voting import decide, shares
from kaidan.settings import Settings

# Enough rows for a median that a busy machine does not move.
_N_TIMED = 200


@dataclass(frozen=True)
class Bundled:
    """A written bundle.

    Attributes
    ----------
    folder : Path
    model_sha256 : str
    parity : Parity
        Graph against native members on all rows that were given.
    n_bytes : int
    reproducible : bool
        A second export has the same hash.
    row_ms : float
        Median time of one row, in milliseconds, on one thread.
    """

    folder: Path
    model_sha256: str
    parity: Parity
    n_bytes: int
    reproducible: bool
    row_ms: float

    def to_metrics(self) -> dict[str, float]:
        """Flat metric names for MLflow."""
        return {
            "parity.max_difference": self.parity.max_difference,
            "parity.argmax_flips": float(self.parity.argmax_flips),
            "parity.n_rows": float(self.parity.n_rows),
            "artifact.mb": self.n_bytes / 1e6,
            "artifact.reexport_differs": float(not self.reproducible),
            "artifact.row_ms": self.row_ms,
        }


def bundle_ensemble(
    ensemble: ProductionEnsemble, contract: Contract, dataset: Dataset, folder: Path
) -> Bundled:
    """Export an ensemble, twice, and compare the graph with the native members.

    Parameters
    ----------
    ensemble : ProductionEnsemble
        Fitted on the contract's features.
    contract : Contract
    dataset : Dataset
        All its rows are compared; its development rows are the training reference.
    folder : Path
        Where the bundle will lie; must not exist.
    """
    model_sha256 = write_ensemble(ensemble, contract, dataset, folder)
    with tempfile.TemporaryDirectory() as elsewhere:
        again = write_ensemble(ensemble, contract, dataset, Path(elsewhere) / "bundle")
    rows = dataset.features[list(contract.features)].to_numpy(dtype=np.float32)
    return Bundled(
        folder=folder,
        model_sha256=model_sha256,
        parity=compare_answers(ensemble, contract, dataset, folder),
        n_bytes=sum(path.stat().st_size for path in folder.iterdir()),
        reproducible=again == model_sha256,
        row_ms=row_ms(Runtime.open(folder, expected_sha256=model_sha256).predict, rows),
    )


def row_ms(predict: Callable[[NDArray[np.float32]], object], rows: NDArray[np.float32]) -> float:
    """Median time of one row, in milliseconds.

    Parameters
    ----------
    predict : callable
        Takes rows of shape (1, n_features).
    rows : float32 array of shape (n_rows, n_features)
    """
    times = []
    for row in rows[-_N_TIMED:]:
        started = time.perf_counter()
        predict(row[None, :])
        times.append(time.perf_counter() - started)
    return 1e3 * float(np.median(times))


def write_ensemble(
    ensemble: ProductionEnsemble, contract: Contract, dataset: Dataset, folder: Path
) -> str:
    """Export an ensemble into a new `folder`; returns its `model_sha256`."""
    columns = np.array([contract.features.index(name) for name in ensemble.input_names_])
    weights = shares(ensemble.weights_, ensemble.voting)
    members = [
        ExportMember(
            name=name,
            trees=fitted.member.trees,
            weight=weights[name],
            classes=fitted.member.classes,
            calibration_matrix=fitted.calibration.matrix if fitted.calibration else None,
            calibration_bias=fitted.calibration.bias if fitted.calibration else None,
        )
        for name, fitted in ensemble.members_.items()
    ]
    rows = dataset.features[list(contract.features)].iloc[dataset.development]
    out_of_fold = ensemble.out_of_fold_proba()
    said = decide(out_of_fold, ensemble.confidence_threshold)
    answers = answer_columns(said, np.take_along_axis(out_of_fold, said[:, None], axis=1)[:, 0])
    return write_bundle(
        folder,
        graph=export_graph(members, columns, len(contract.features)),
        contract=contract.to_dict() | {"contract_sha256": contract.sha256},
        reference=full_reference(rows, dataset.y[dataset.development], answers),
        metadata={
            "confidence_threshold": ensemble.confidence_threshold,
            "voting": ensemble.voting,
            "weights": weights,
        },
    )


def compare_answers(
    ensemble: ProductionEnsemble, contract: Contract, dataset: Dataset, folder: Path
) -> Parity:
    """Hold the graph in `folder` against the native members, on all rows of the dataset."""
    features = dataset.features[list(contract.features)]
    return check_parity(
        (folder / GRAPH).read_bytes(),
        ensemble.predict_proba(features),
        features.to_numpy(dtype=np.float32),
    )


def require_parity(parity: Parity, settings: Settings) -> None:
    """Refuse a graph that does not say what was trained: it must never become a version.

    Raises
    ------
    ArtifactError
        It does not, by the thresholds of the gates.
    """
    checks = settings.gates.checks
    if (
        parity.max_difference > checks.parity.threshold
        or parity.argmax_flips > checks.argmax_flips.threshold
    ):
        raise ArtifactError(
            f"the exported graph does not say what was trained (probabilities differ by "
            f"{parity.max_difference:.2g}, {parity.argmax_flips} rows are answered differently); "
            "it is not used; keep the data and report this"
        )
