"""One retraining at a time on a machine; the registry's own turns hold between machines."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow

from kaidan.errors import KaidanError
from kaidan.held_file import HeldError, hold


class RetrainingError(KaidanError):
    """A retraining cannot begin."""


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Hold the retraining of a store for this process alone, through a file in `home`.

    The kernel lets go when the process ends, however it ends; the file stays.

    Raises
    ------
    RetrainingError
        Another process holds it, or the file cannot be made.
    """
    store = hashlib.sha256(mlflow.get_tracking_uri().encode()).hexdigest()[:16]
    path = home / "retrain" / f"{store}.lock"
    try:
        file = hold(path)
    except HeldError as error:
        raise RetrainingError(
            f"process {error.holder} is retraining already; wait until it is done, "
            "nothing was begun"
        ) from error
    except OSError as error:
        raise RetrainingError(
            f"{path} cannot be opened ({error.strerror}); "
            "set KAIDAN_HOME to a folder that can be written to"
        ) from error
    try:
        yield
    finally:
        os.close(file)
