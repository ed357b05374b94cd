"""kaidan: trading models that step down a level instead of falling over.

What users need is exported here and loaded when first asked for: a bot that starts from its cache
imports neither MLflow nor the training libraries.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kaidan.errors import KaidanError as KaidanError
    from kaidan.features.manager import FeatureManager as FeatureManager
    from kaidan.learning.ensemble import ProductionEnsemble as ProductionEnsemble
    from kaidan.registry.legacy.model_uri import load_model as load_model
    from kaidan.serving.dummy import DummyModel as DummyModel
    from kaidan.serving.ladder import Ladder as Ladder
    from kaidan.serving.prediction import Prediction as Prediction
    from kaidan.settings import Settings as Settings
    from kaidan.settings import load_settings as load_settings
    from kaidan.signal import Signal as Signal

__version__ = "0.1.0"

_HOMES = {
    "DummyModel": "kaidan.serving.dummy",
    "FeatureManager": "kaidan.features.manager",
    "KaidanError": "kaidan.errors",
    "Ladder": "kaidan.serving.ladder",
    "Prediction": "kaidan.serving.prediction",
    "ProductionEnsemble": "kaidan.learning.ensemble",
    "Settings": "kaidan.settings",
    "Signal": "kaidan.signal",
    "load_model": "kaidan.registry.legacy.model_uri",
    "load_settings": "kaidan.settings",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605 - a list all the same


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'kaidan' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
