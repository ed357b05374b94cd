"""An ONNX graph while it is being put together."""

from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper


class GraphParts:
    """Nodes and constants so far.

    Attributes
    ----------
    nodes : list of onnx.NodeProto
        In the order in which they are computed.
    constants : list of onnx.TensorProto
    """

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, operator: str, name: str, *inputs: str, **attributes: Any) -> str:
        """Add a node; returns `name`, which is also that of its output."""
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def constant(self, name: str, values: Any, dtype: type = np.float32) -> str:
        """Add a constant, an array or what becomes one; returns `name`."""
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype=dtype), name))
        return name
