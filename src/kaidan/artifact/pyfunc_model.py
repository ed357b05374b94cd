"""What MLflow runs wherever the model is loaded (models from code), kaidan installed or not.

It opens the runtime that was logged with this model, so that models of different ages live in one
process, and lets that runtime do everything else.
"""

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from types import ModuleType
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.pyfunc.model import PythonModel, PythonModelContext


class _RuntimeLoader(SourceFileLoader):
    """Loads the runtime and leaves no byte code among the artifacts of the model."""

    def set_data(self, path: str, data: Any, *, _mode: int = 0o666) -> None:
        """Keep nothing."""


def _load_runtime(path: str) -> ModuleType:
    # Never put into sys.modules: the name means this model's runtime and no other's.
    name = "_runtime_of_this_model"
    spec = spec_from_loader(name, _RuntimeLoader(name, path))
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load the runtime {path}; fetch the model again")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class EnsembleModel(PythonModel):
    """Signals from the features of one level, in any column order."""

    def load_context(self, context: PythonModelContext) -> None:
        """Verify and open the bundle that was logged."""
        runtime = _load_runtime(context.artifacts["runtime"])
        self._runtime = runtime.Runtime.open(
            context.artifacts["bundle"], expected_sha256=context.model_config["model_sha256"]
        )

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Signal, confidence and the probability of each class, one row per row of the input.

        Parameters
        ----------
        model_input : DataFrame of shape (n, at least n_features)
            The features of the level by name; other columns are passed over.

        Returns
        -------
        DataFrame of shape (n, 5)
            `signal` (SELL, HOLD, BUY), `confidence`, `p_sell`, `p_hold`, `p_buy`.

        Raises
        ------
        Exception
            The runtime's refusal, in one line: a feature is missing or not finite, by name.
        """
        columns = self._runtime.order(list(model_input.columns))
        probabilities = self._runtime.predict(model_input.iloc[:, columns].to_numpy())
        decided, confidence = self._runtime.decide(probabilities)
        answer = {"signal": np.array(self._runtime.classes, dtype=object)[decided]}
        answer["confidence"] = confidence.astype(np.float64)
        for position, name in enumerate(self._runtime.classes):
            answer[f"p_{name.lower()}"] = probabilities[:, position].astype(np.float64)
        return pd.DataFrame(answer, index=model_input.index)


mlflow.models.set_model(EnsembleModel())
