"""One retraining at a time on a machine; the registry's own turns hold between machines."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow

from kaidan.errors import KaidanError


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
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise RetrainingError(
            f"{path} cannot be opened ({error.strerror}); "
            "set KAIDAN_HOME to a folder that can be written to"
        ) from error
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(file, 20).decode() or "another"
            raise RetrainingError(
                f"process {holder} is retraining already; wait until it is done, nothing was begun"
            ) from error
        os.ftruncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        yield
    finally:
        os.close(file)
