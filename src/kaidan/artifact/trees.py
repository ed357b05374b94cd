"""Each fitted member as one ONNX tree node.

The converters' labels, zip maps, names and opsets are left behind: only the trees are taken over.
"""

from typing import Any, cast

import lightgbm
import onnx
import onnxmltools
import skl2onnx
import xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as ToolsFloat
from skl2onnx.common.data_types import FloatTensorType as SklearnFloat
from sklearn.ensemble import RandomForestClassifier

from kaidan.artifact.thresholds import floor_thresholds
from kaidan.errors import ArtifactError

_CONVERTER_OPSET = 15  # the newest one that all three converters share


def tree_node(trees: Any, n_columns: int) -> onnx.NodeProto:
    """Trees of a fitted classifier as a `TreeEnsembleClassifier` node.

    Parameters
    ----------
    trees : lightgbm.Booster, xgboost.Booster or RandomForestClassifier
        Fitted on float32 columns. An early-stopped booster is cut at its best iteration.
    n_columns : int
        Number of columns that it was fitted on.

    Returns
    -------
    onnx.NodeProto
        Its second output is the probabilities, shape (n, n_classes).

    Raises
    ------
    ArtifactError
        They are of another kind.
    """
    if isinstance(trees, lightgbm.Booster):
        model = onnxmltools.convert_lightgbm(
            floor_thresholds(trees),
            name="member",
            initial_types=[("columns", ToolsFloat([None, n_columns]))],
            target_opset=_CONVERTER_OPSET,
            zipmap=False,
        )
    elif isinstance(trees, xgboost.Booster):
        model = onnxmltools.convert_xgboost(
            _as_classifier(trees),
            name="member",
            initial_types=[("columns", ToolsFloat([None, n_columns]))],
            target_opset=_CONVERTER_OPSET,
        )
    elif isinstance(trees, RandomForestClassifier):
        model = skl2onnx.convert_sklearn(
            trees,
            name="member",
            initial_types=[("columns", SklearnFloat([None, n_columns]))],
            target_opset=_CONVERTER_OPSET,
            options={"zipmap": False},
        )
    else:
        raise ArtifactError(
            f"cannot export a {type(trees).__name__}; "
            "a member is a LightGBM or XGBoost Booster or a RandomForestClassifier"
        )
    (node,) = [node for node in model.graph.node if node.op_type == "TreeEnsembleClassifier"]
    return cast("onnx.NodeProto", node)


def n_answers(node: onnx.NodeProto) -> int:
    """How many classes a `TreeEnsembleClassifier` gives a probability of."""
    (labels,) = [a for a in node.attribute if a.name == "classlabels_int64s"]
    return len(labels.ints)


def _as_classifier(trees: xgboost.Booster) -> xgboost.XGBClassifier:
    # The converter reads a feature's position out of its name and knows only f0, f1, ...
    booster = trees.copy()
    booster.feature_names = None
    booster.feature_types = None
    nameless = xgboost.XGBClassifier()
    nameless.load_model(booster.save_raw())
    return nameless
