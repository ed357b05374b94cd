"""What runs in processes of its own, to be killed there."""

import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow

from kaidan.errors import KaidanError
from kaidan.registry import journal, store
from kaidan.registry.promotion import promote_all
from kaidan.registry.rollback import rollback
from kaidan.registry.store import get_version
from kaidan.settings import load_settings


def arrive(uri: str, environment: dict[str, str]) -> None:
    """Make a fresh process use the test's store."""
    os.environ.update(environment)
    mlflow.set_tracking_uri(uri)


def die_after(writes: int) -> None:
    """Kill this process, for good, once it has written so often."""
    insist = journal.insist
    left = writes

    def counted(write: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        nonlocal left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return insist(write, *args, **kwargs)

    journal.insist = store.insist = counted


def run_out_of_room(limit: int) -> None:
    """Let no file of this process grow beyond `limit` bytes, as on a disk that is full."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def move(
    uri: str,
    environment: dict[str, str],
    config: Path,
    versions: dict[int, int | None],
    writes: int | None = None,
    *,
    room: int | None = None,
    said: Path | None = None,
) -> None:
    """Promote a version of each level, or without versions roll back; exit 1 if that fails."""
    arrive(uri, environment)
    settings = load_settings(config)
    if writes is not None:
        die_after(writes)
    if room is not None:
        run_out_of_room(room)
    try:
        if None in versions.values():
            rollback(tuple(versions), settings)
        else:
            promote_all([get_version(level, n) for level, n in versions.items()], settings)
    except KaidanError as error:
        sys.stdout.write(f"{error}\n")
        if said is not None:
            said.write_text(str(error), encoding="utf-8")
        raise SystemExit(1) from error
