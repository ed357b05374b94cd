"""From a fitted ensemble to a bundle on disk that was shown to say the same."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kaidan.artifact.export import ExportMember, export_graph
from kaidan.artifact.manifest import write_bundle
from kaidan.artifact.parity import Parity, check_parity
from kaidan.artifact.reference import training_reference
from kaidan.features.contract import Contract
from kaidan.learning.dataset import Dataset
from kaidan.learning.ensemble import ProductionEnsemble
from kaidan.learning.voting import shares


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
    """

    folder: Path
    model_sha256: str
    parity: Parity
    n_bytes: int


def bundle_ensemble(
    ensemble: ProductionEnsemble, contract: Contract, dataset: Dataset, folder: Path
) -> Bundled:
    """Export an ensemble and compare the graph with the native members.

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
    columns = np.array([contract.features.index(name) for name in ensemble.input_names_])
    weights = shares(ensemble.settings.members.weights, ensemble.voting)
    members = []
    for name, fitted in ensemble.members_.items():
        member, calibration = fitted.member, fitted.calibration
        members.append(
            ExportMember(
                name=name,
                trees=member.trees,
                weight=weights[name],
                classes=member.classes,
                calibration_matrix=None if calibration is None else calibration.matrix,
                calibration_bias=None if calibration is None else calibration.bias,
            )
        )
    graph = export_graph(members, columns, len(contract.features))
    features = dataset.features[list(contract.features)]
    parity = check_parity(
        graph, ensemble.predict_proba(features), features.to_numpy(dtype=np.float32)
    )
    model_sha256 = write_bundle(
        folder,
        graph=graph,
        contract=contract.to_dict() | {"contract_sha256": contract.sha256},
        reference=training_reference(features.iloc[dataset.development]),
        metadata={
            "confidence_threshold": ensemble.confidence_threshold,
            "voting": ensemble.voting,
            "weights": weights,
        },
    )
    n_bytes = sum(path.stat().st_size for path in folder.iterdir())
    return Bundled(folder, model_sha256, parity, n_bytes)
