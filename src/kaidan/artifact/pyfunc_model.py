"""What MLflow runs wherever the model is loaded (models from code), kaidan installed or not.

It opens the runtime that was logged with this model, so that models of different ages live in one
process, and lets that runtime do everything else.
"""

import hashlib
from pathlib import Path
from types import ModuleType
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.pyfunc.model import PythonModel, PythonModelContext


def _load_runtime(path: Path, expected_sha256: str) -> ModuleType:
    source = path.read_bytes()
    actual = hashlib.sha256(source).hexdigest()
    if actual != expected_sha256:
        raise ImportError(
            f"{path} has sha256 {actual[:12]}, wanted {expected_sha256[:12]}: it is not the "
            "runtime that was logged; fetch the model again"
        )
    # Never put into sys.modules: the name means this model's runtime and no other's.
    module = ModuleType("_runtime_of_this_model")
    exec(compile(source, path, "exec"), vars(module))  # noqa: S102  # the bytes just verified
    return module


class EnsembleModel(PythonModel):
    """Signals from the features of one level, in any column order."""

    def load_context(self, context: PythonModelContext) -> None:
        """Verify the runtime and the bundle that were logged, each before it is opened."""
        expected = context.model_config
        runtime = _load_runtime(Path(context.artifacts["runtime"]), expected["runtime_sha256"])
        self._runtime = runtime.Runtime.open(
            context.artifacts["bundle"], expected_sha256=expected["model_sha256"]
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
