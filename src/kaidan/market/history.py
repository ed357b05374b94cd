"""A local history in one Parquet file, replaced whole, so that a reader never sees half of it."""

import os
import tempfile
import time
from pathlib import Path

import pandas as pd

from kaidan.errors import DataError

_FORSAKEN_SECONDS = 3600.0


def load_history(path: Path) -> pd.DataFrame | None:
    """Frame in the file `path`, or None when there is no file yet.

    Raises
    ------
    DataError
        The file is there and is not Parquet.
    """
    if not path.exists():
        return None
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: the local history is damaged; want Parquet: delete it to fetch again"
        ) from error


def save_history(frame: pd.DataFrame, path: Path) -> None:
    """Replace the file `path` by `frame` in one step; folders are made as needed.

    Raises
    ------
    DataError
        The folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_forsaken(path)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".tmp")
        os.close(handle)
        draft = Path(name)
        try:
            frame.to_parquet(draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(
            f"{path}: cannot write the local history ({error.strerror}); want a writable folder: "
            "set KAIDAN_HOME to one"
        ) from error


def _remove_forsaken(path: Path) -> None:
    """Remove drafts of who was killed while writing; a bot kills whoever is late."""
    for draft in path.parent.glob(f"{path.name}.*.tmp"):
        if draft.stat().st_mtime < time.time() - _FORSAKEN_SECONDS:
            draft.unlink(missing_ok=True)
