"""Models that follow the market's last move, so that a bot with them trades often."""

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from kaidan.artifact.manifest import write_bundle
from kaidan.features.contract import LEVELS, level_contract
from kaidan.serving.cache import Cached, Entry, ModelCache
from kaidan.settings import Settings

AT = "2026-01-01T00:00:00+00:00"
_FOLLOWED = "returns_4"


def _graph(features: tuple[str, ...], strength: float) -> bytes:
    """Softmax of (-x, 0, x), where x is the followed feature times `strength`."""
    constants = {
        "place": np.array([features.index(_FOLLOWED)], dtype=np.int64),
        "weights": strength * np.array([[-1.0, 0.0, 1.0]], dtype=np.float32),
    }
    nodes = [
        helper.make_node("Gather", ["features", "place"], ["move"], axis=1),
        helper.make_node("MatMul", ["move", "weights"], ["votes"]),
        helper.make_node("Softmax", ["votes"], ["probabilities"], axis=1),
    ]
    return helper.make_model(
        helper.make_graph(
            nodes,
            "lively",
            [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, len(features)])],
            [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 3])],
            [numpy_helper.from_array(value, name) for name, value in constants.items()],
        ),
        ir_version=8,
        opset_imports=[helper.make_opsetid("", 17)],
    ).SerializeToString()


def lively_home(home: Path, settings: Settings) -> Path:
    """Make `home` one whose cache holds version 1 of each level."""
    cache = ModelCache(home)
    index = {}
    for level in LEVELS:
        contract = level_contract(settings, level)
        folder = home / "fetched" / str(level)
        model_sha256 = write_bundle(
            folder,
            graph=_graph(contract.features, strength=1_000.0 + level),
            contract=contract.to_dict() | {"contract_sha256": contract.sha256},
            reference={},
            metadata={"confidence_threshold": 0.0},
        )
        entry = Entry(1, model_sha256, contract.sha256, AT, AT)
        cache.put(folder, entry)
        index[level] = Cached(entry, AT)
    cache.write(index)
    return home


def easily_moved(settings: Settings) -> Settings:
    """Settings of a bot that trades often, in parts, and does not pause after losses."""
    risk = settings.bot.risk.model_copy(
        update={"min_score": 0.01, "max_losses_in_row": 1_000, "max_entries_per_day": 96}
    )
    trading = settings.bot.trading.model_copy(
        update={"taker_fee_share": 1e-6, "slippage_share": 1e-6, "max_volume_share": 0.001}
    )
    bot = settings.bot.model_copy(update={"risk": risk, "trading": trading})
    return settings.model_copy(update={"bot": bot})
