"""Where runs are opened: in the experiment, or in the very run, that the user chose."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from kaidan.registry.store import store_errors

DEFAULT_EXPERIMENT = "kaidan"


def experiment_id() -> str:
    """Experiment of the run of `mlflow run`, or that of MLFLOW_EXPERIMENT_NAME, or kaidan's own."""
    if "MLFLOW_RUN_ID" in os.environ:
        return str(MlflowClient().get_run(os.environ["MLFLOW_RUN_ID"]).info.experiment_id)
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME", DEFAULT_EXPERIMENT)
    return str(mlflow.set_experiment(name).experiment_id)


def experiment_named(name: str) -> str:
    """An experiment of kaidan's own, made when there is none: not among the training runs."""
    client = MlflowClient()
    try:
        return str(client.create_experiment(name))
    except MlflowException as error:
        found = client.get_experiment_by_name(name)
        if found is None or error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        return str(found.experiment_id)


@contextmanager
def open_run(
    params: Mapping[str, Any],
    *,
    tags: Mapping[str, str] | None = None,
    run_id: str | None = None,
) -> Iterator[str]:
    """Open a run, or the one that `mlflow run` began, or go on with `run_id`; yields its id.

    `mlflow run` has logged its own parameters, an empty one as '', and none may change.

    Raises
    ------
    RegistryError
        The store cannot be written to.
    """
    with store_errors("start a run"):
        experiment_id()
        run = mlflow.start_run(run_id, tags=dict(tags or {}))
    with run:
        with store_errors("write to a run"):
            mlflow.log_params({k: v for k, v in params.items() if k not in run.data.params})
        yield str(run.info.run_id)
