"""Bundles that verify, and yet must not answer: real graphs that fail or talk nonsense."""

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from kaidan.artifact.manifest import write_bundle
from kaidan.features.contract import level_contract
from kaidan.serving.cache import Entry
from kaidan.settings import Settings


def graph(kind: str, n_features: int) -> bytes:
    """A graph whose session fails, or whose answer is three features as they come."""
    operator, constant = {
        "session fails": ("Reshape", np.array([1000, 3], dtype=np.int64)),
        "not a distribution": ("Gather", np.array([0, 1, 2], dtype=np.int64)),
        "contract wrong": ("Gather", np.array([0, 1, 2], dtype=np.int64)),
    }[kind]
    axis = {"axis": 1} if operator == "Gather" else {}
    node = helper.make_node(operator, ["features", "constant"], ["probabilities"], **axis)
    return helper.make_model(
        helper.make_graph(
            [node],
            "broken",
            [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, n_features])],
            [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 3])],
            [numpy_helper.from_array(constant, "constant")],
        ),
        ir_version=8,
        opset_imports=[helper.make_opsetid("", 17)],
    ).SerializeToString()


def write_broken(folder: Path, kind: str, level: int, settings: Settings) -> Entry:
    """Write such a bundle, and what an index or a registry would say of it."""
    if kind == "contract wrong":
        levels = settings.levels.model_copy(update={"formula_version": 99})
        settings = settings.model_copy(update={"levels": levels})
    contract = level_contract(settings, level)
    model_sha256 = write_bundle(
        folder,
        graph=graph(kind, len(contract.features)),
        contract=contract.to_dict() | {"contract_sha256": contract.sha256},
        reference={},
        metadata={"confidence_threshold": 0.0},
    )
    return Entry(2, model_sha256, contract.sha256, "2026-01-01T00:00:00+00:00")
