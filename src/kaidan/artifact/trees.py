"""Each fitted member as one ONNX tree node.

The converters' labels, zip maps, names and opsets are left behind: only the trees are taken over.
"""

from typing import Any, cast

import onnx
import onnxmltools
import skl2onnx
from lightgbm import LGBMClassifier
from onnxmltools.convert.common.data_types import FloatTensorType as ToolsFloat
from skl2onnx.common.data_types import FloatTensorType as SklearnFloat
from sklearn.ensemble import RandomForestClassifier
from xgboost import XGBClassifier

from kaidan.artifact.thresholds import floor_thresholds
from kaidan.errors import ArtifactError

_CONVERTER_OPSET = 15  # the newest one that all three converters share


def tree_node(estimator: Any, n_columns: int) -> onnx.NodeProto:
    """Trees of a fitted classifier as a `TreeEnsembleClassifier` node.

    Parameters
    ----------
    estimator : LGBMClassifier, XGBClassifier or RandomForestClassifier
        Fitted on float32 columns. An early-stopped one is cut where its `predict_proba` stops.
    n_columns : int
        Number of columns that it was fitted on.

    Returns
    -------
    onnx.NodeProto
        Its second output is the probabilities, shape (n, n_classes of the estimator).

    Raises
    ------
    ArtifactError
        The estimator is of another kind.
    """
    if isinstance(estimator, LGBMClassifier):
        model = onnxmltools.convert_lightgbm(
            floor_thresholds(estimator.booster_),
            name="member",
            initial_types=[("columns", ToolsFloat([None, n_columns]))],
            target_opset=_CONVERTER_OPSET,
            zipmap=False,
        )
    elif isinstance(estimator, XGBClassifier):
        model = onnxmltools.convert_xgboost(
            _without_names(estimator),
            name="member",
            initial_types=[("columns", ToolsFloat([None, n_columns]))],
            target_opset=_CONVERTER_OPSET,
        )
    elif isinstance(estimator, RandomForestClassifier):
        model = skl2onnx.convert_sklearn(
            estimator,
            name="member",
            initial_types=[("columns", SklearnFloat([None, n_columns]))],
            target_opset=_CONVERTER_OPSET,
            options={"zipmap": False},
        )
    else:
        raise ArtifactError(
            f"cannot export a {type(estimator).__name__}; "
            "a member is an LGBMClassifier, XGBClassifier or RandomForestClassifier"
        )
    (trees,) = [node for node in model.graph.node if node.op_type == "TreeEnsembleClassifier"]
    return cast("onnx.NodeProto", trees)


def _without_names(estimator: XGBClassifier) -> XGBClassifier:
    # The converter reads a feature's position out of its name and knows only f0, f1, ...
    booster = estimator.get_booster().copy()
    booster.feature_names = None
    booster.feature_types = None
    nameless = XGBClassifier()
    nameless.load_model(booster.save_raw())
    return nameless
