"""The ensemble as one ONNX graph: the same members give the same bytes.

What is served is plain data, not a pickle of three libraries, and one row costs microseconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper

from kaidan.artifact.graph_parts import GraphParts
from kaidan.artifact.member_trees import read_trees
from kaidan.artifact.tree_nodes import add_trees
from kaidan.errors import ArtifactError
from kaidan.learning.calibration import SMALLEST
from kaidan.signal import N_CLASSES

_OPSET = 17
_ML_OPSET = 5
_IR_VERSION = 10


@dataclass(frozen=True)
class ExportMember:
    """One fitted member and how its vote counts.

    Parameters
    ----------
    name : str
        Prefix of its nodes in the graph; unique.
    trees : lightgbm.Booster, xgboost.Booster or RandomForestClassifier
    weight : float
        Share of the vote, >= 0; normalised over the members. 0 leaves the member out.
    classes : ndarray of int, shape (k,), k = 2 or 3
        Signal of each class that the trees were fitted on.
    calibration_matrix : ndarray of shape (3, 3) or None
        W of `softmax(W @ log(clip(p, 1e-6, 1)) + b)`; None leaves the probabilities as they are.
    calibration_bias : ndarray of shape (3,) or None
        b of the same formula; given exactly when the matrix is.
    """

    name: str
    trees: Any
    weight: float
    classes: NDArray[np.int_]
    calibration_matrix: NDArray[np.float64] | None = None
    calibration_bias: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        """Refuse what no graph can be made of."""
        if not (0 <= self.weight < np.inf):
            raise ArtifactError(
                f"member {self.name} has the weight {self.weight}; wanted a number of at least 0"
            )
        classes = self.classes.tolist()
        known = len(set(classes) & set(range(N_CLASSES)))
        if not 2 <= known == len(classes):
            raise ArtifactError(
                f"member {self.name} has the classes {classes}; wanted two or three different ones"
            )
        calibration = (self.calibration_matrix, self.calibration_bias)
        shapes = [None if part is None else part.shape for part in calibration]
        if shapes not in ([None, None], [(N_CLASSES, N_CLASSES), (N_CLASSES,)]):
            raise ArtifactError(
                f"member {self.name} has a calibration of shapes {shapes}; "
                "wanted a matrix of (3, 3) and a bias of (3,), or neither"
            )


def export_graph(
    members: Sequence[ExportMember], columns: NDArray[np.int_], n_features: int
) -> bytes:
    """One graph: columns, trees of each member, calibration, weighted vote.

    Parameters
    ----------
    members : sequence of ExportMember
    columns : ndarray of int, shape (n_columns,)
        Positions, among the features of the level, of the columns the members were fitted on.
    n_features : int
        Number of features of the level.

    Returns
    -------
    bytes
        An ONNX model: input `features` (n, n_features) float32, output `probabilities` (n, 3)
        float32. No time, no random name: the same members give the same bytes.

    Raises
    ------
    ArtifactError
        Nobody votes, two members share a name, a column is not among the features, or a
        member is no classifier of trees.
    """
    voters = [member for member in members if member.weight > 0]
    names = [member.name for member in voters]
    if not voters or len(set(names)) != len(names):
        raise ArtifactError(
            f"members with a weight above 0: {names}; wanted at least one, and no name twice"
        )
    if columns.size == 0 or columns.min() < 0 or columns.max() >= n_features:
        raise ArtifactError(
            f"columns {columns.tolist()} are not positions among {n_features} features; "
            "pass the positions the members were fitted on"
        )
    parts = GraphParts()
    selected = parts.add(
        "Gather", "columns", "features", parts.constant("positions", columns, np.int64), axis=1
    )
    total = sum(member.weight for member in voters)
    votes = [_vote(parts, member, selected, member.weight / total) for member in voters]
    parts.nodes.append(helper.make_node("Sum", votes, ["probabilities"], name="probabilities"))
    graph = helper.make_graph(
        parts.nodes,
        "kaidan",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, n_features])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, N_CLASSES])],
        parts.constants,
    )
    model = helper.make_model(
        graph,
        producer_name="kaidan",
        ir_version=_IR_VERSION,
        opset_imports=[
            helper.make_opsetid("", _OPSET),
            helper.make_opsetid("ai.onnx.ml", _ML_OPSET),
        ],
    )
    return bytes(model.SerializeToString(deterministic=True))


def _vote(parts: GraphParts, member: ExportMember, selected: str, share: float) -> str:
    name = member.name
    trees = read_trees(member.trees)
    if trees.n_classes != len(member.classes):
        raise ArtifactError(
            f"member {name} answers {trees.n_classes} columns for the classes "
            f"{member.classes.tolist()}; wanted one class per column"
        )
    answer = add_trees(parts, f"{name}_trees", selected, trees)
    if member.classes.tolist() != list(range(N_CLASSES)):
        places = parts.constant(f"{name}_places", np.eye(N_CLASSES)[member.classes])
        answer = parts.add("MatMul", f"{name}_scattered", answer, places)
    if member.calibration_matrix is not None:
        answer = _calibrated(parts, member, answer)
    return parts.add("Mul", f"{name}_vote", answer, parts.constant(f"{name}_share", share))


def _calibrated(parts: GraphParts, member: ExportMember, answer: str) -> str:
    name = member.name
    low = parts.constant(f"{name}_low", SMALLEST)
    high = parts.constant(f"{name}_high", 1.0)
    matrix = parts.constant(f"{name}_matrix", member.calibration_matrix)
    bias = parts.constant(f"{name}_bias", member.calibration_bias)
    clipped = parts.add("Clip", f"{name}_clipped", answer, low, high)
    logs = parts.add("Log", f"{name}_logs", clipped)
    scores = parts.add("Gemm", f"{name}_scores", logs, matrix, bias, transB=1)
    return parts.add("Softmax", f"{name}_calibrated", scores, axis=1)
