"""Load a model by its URI, also by an old one: a bot need not change on the day of the move."""

import re
import warnings

from mlflow import pyfunc
from mlflow.pyfunc import PyFuncModel

from kaidan.errors import UsageError
from kaidan.registry.legacy.names import level_of
from kaidan.registry.store import PRODUCTION, PRODUCTION_ALIAS, model_name


def load_model(model_uri: str) -> PyFuncModel:
    """`mlflow.pyfunc.load_model`, for which the Production version of an old name is a level's.

    Parameters
    ----------
    model_uri : str
        `models:/production_ensemble/Production` or `models:/production_ensemble@production` (and
        so for `production_ensemble_full` and `production_ensemble_57`), or any URI of MLflow's.

    Warns
    -----
    FutureWarning
        The name is an old one. A DeprecationWarning would not be seen: Python hides it unless
        the call stands in the script that was started, and a bot loads its models in a module.

    Raises
    ------
    UsageError
        A version of an old name that is not the Production one: versions are numbered anew.
    """
    model: PyFuncModel = pyfunc.load_model(_present_uri(model_uri))
    return model


def _present_uri(model_uri: str) -> str:
    parts = re.fullmatch(r"models:/(?P<name>[^/@]+)(?P<version>[/@].*)?", model_uri)
    level = level_of(parts["name"]) if parts else None
    if parts is None or level is None:
        return model_uri
    # The alias: it is there whether stages are in use or not.
    present = f"models:/{model_name(level)}@{PRODUCTION_ALIAS}"
    if parts["version"] not in (f"/{PRODUCTION}", f"@{PRODUCTION_ALIAS}"):
        raise UsageError(
            f"{model_uri} got a version of an old name, wanted /{PRODUCTION} or "
            f"@{PRODUCTION_ALIAS}: {model_name(level)} is numbered anew; load {present}"
        )
    warnings.warn(
        f"{model_uri} has an old name and will not be known for ever; load {present}",
        FutureWarning,
        stacklevel=3,
    )
    return present
