"""Models that give the same answer to every row, so that it shows which of them answered."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from kaidan.artifact.manifest import write_bundle
from kaidan.features.contract import level_contract, level_features
from kaidan.serving.cache import Cached, Entry, ModelCache
from kaidan.settings import Settings, load_settings

ROW = dict.fromkeys(level_features(load_settings().levels, 1), 0.5)
AT = "2026-01-01T00:00:00+00:00"


def _graph(n_features: int, p_buy: float) -> bytes:
    answer = np.array([[(1 - p_buy) / 2, (1 - p_buy) / 2, p_buy]], dtype=np.float32)
    constants = {
        "first": np.array([0], dtype=np.int64),
        "zero": np.zeros((1, 1), dtype=np.float32),
        "answer": answer,
    }
    nodes = [
        helper.make_node("Gather", ["features", "first"], ["column"], axis=1),
        helper.make_node("Mul", ["column", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "answer"], ["probabilities"]),
    ]
    return helper.make_model(
        helper.make_graph(
            nodes,
            "constant",
            [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, n_features])],
            [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 3])],
            [numpy_helper.from_array(value, name) for name, value in constants.items()],
        ),
        ir_version=8,
        opset_imports=[helper.make_opsetid("", 17)],
    ).SerializeToString()


def p_buy(level: int, version: int) -> float:
    """What version `version` of a level answers."""
    return 0.5 + 0.1 * level + version / 1_000


class Constants:
    """A cache of such models, and what a pull would do to it."""

    def __init__(self, home: Path, settings: Settings) -> None:
        self.home, self.settings = home, settings
        self.cache = ModelCache(home)
        self._made: dict[tuple[int, int], Entry] = {}

    def entry(self, level: int, version: int) -> Entry:
        """Put a version into the cache."""
        if (level, version) not in self._made:
            contract = level_contract(self.settings, level)
            folder = self.home / "fetched" / f"{level}.{version}"
            model_sha256 = write_bundle(
                folder,
                graph=_graph(len(contract.features), p_buy(level, version)),
                contract=contract.to_dict() | {"contract_sha256": contract.sha256},
                reference={},
                metadata={"confidence_threshold": 0.0},
            )
            entry = Entry(version, model_sha256, contract.sha256, AT, AT)
            self.cache.put(folder, entry)
            self._made[level, version] = entry
        return self._made[level, version]

    def name(self, live: dict[int, Entry | int | None], shadow: dict[int, int] | None = None):
        """Write the index: versions by level."""
        index = {
            level: Cached(self.entry(level, one) if isinstance(one, int) else one, AT)
            for level, one in live.items()
        }
        for level, version in (shadow or {}).items():
            index[level] = replace(index[level], shadow=self.entry(level, version))
        self.cache.write(index)
