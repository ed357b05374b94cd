"""Writing to a store that others write to: what failed only because they did is tried again."""

import random
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from mlflow.exceptions import MlflowException

P = ParamSpec("P")
T = TypeVar("T")

_TRIES = 12
_LONGEST_PAUSE_S = 1.0


def insist(write: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `write`; again, a little later, when another writer was in its way.

    sqlite refuses at once where waiting could be a deadlock, PostgreSQL where two inserts wanted
    the same number. Both have written nothing then.
    """
    for attempt in range(_TRIES - 1):
        try:
            return write(*args, **kwargs)
        except MlflowException as error:
            if not _in_the_way(str(error)):
                raise
        time.sleep(random.uniform(0.2, 1) * min(_LONGEST_PAUSE_S, 0.02 * 2**attempt))  # noqa: S311
    return write(*args, **kwargs)


def _in_the_way(message: str) -> bool:
    return any(
        sign in message
        for sign in ("database is locked", "Model Version creation error", "deadlock detected")
    )
