"""Whether the store answers: asked aside, so that a silent one cannot hold anybody up."""

import time
from pathlib import Path
from threading import Thread

import mlflow
from mlflow import MlflowClient
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from kaidan.errors import StoreError
from kaidan.registry.health.examination import Finding, fail, failed, ok
from kaidan.registry.store import store_errors
from kaidan.registry.store_failure import store_name

STORE = "store"
# A server on another continent answers within one; a first answer opens the database, too.
PATIENCE_S = 10.0


def check_store() -> Finding:
    """Ask the store something small, twice; the second answer is timed."""
    missing = _missing_file(str(mlflow.get_tracking_uri()))
    if missing is not None:
        return fail(
            STORE,
            None,
            f"there is no {missing}",
            "kaidan train --level all makes one; or is MLFLOW_TRACKING_URI another, or the folder?",
        )
    answers: list[Finding] = []
    Thread(target=lambda: answers.append(_ask()), daemon=True).start()
    until = time.monotonic() + PATIENCE_S
    while not answers and time.monotonic() < until:
        time.sleep(0.005)
    if answers:
        return answers[0]
    return fail(
        STORE,
        None,
        f"{store_name()} has not answered for {PATIENCE_S:g} s",
        "look after the server, then: kaidan doctor",
    )


def _ask() -> Finding:
    try:
        with store_errors("look for models"):
            for _ in range(2):
                started = time.perf_counter()
                MlflowClient().search_registered_models(max_results=1)
    except StoreError as error:
        return failed(STORE, None, error)
    return ok(STORE, None, f"{store_name()} answers in {_ms(started)} ms")


def _ms(started: float) -> int:
    return round(1e3 * (time.perf_counter() - started))


def _missing_file(uri: str) -> Path | None:
    """The file of a sqlite store that is not there: MLflow would make it, and find it empty."""
    try:
        url = make_url(uri)
    except ArgumentError:
        return None
    name = url.database or ""
    if url.get_backend_name() != "sqlite" or not name or name.startswith((":", "file:")):
        return None
    path = Path(name).absolute()
    return None if path.exists() else path
