"""A whole `kaidan retrain` in a process of its own, which dies at a named point."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from kaidan.cli import main
from kaidan.commands import retrain as command
from kaidan.registry import moves, training_run
from tests.faults.victims import arrive
from tests.release import DAYS

# The function before whose n-th call the process dies.
POINTS: dict[str, tuple[ModuleType, str, int]] = {
    "locked": (command, "read_history", 1),
    "trained, not registered": (training_run, "register", 1),
    "level 1 moved": (moves, "set_live", 2),
}


def retrain(uri: str, environment: dict[str, str], config: Path, point: str) -> None:
    """Retrain on the sample until `point`."""
    arrive(uri, environment)
    module, name, calls = POINTS[point]
    setattr(module, name, _deadly(getattr(module, name), calls))
    main(["retrain", "--days", DAYS, "--config", str(config), "--json"])


def _deadly(function: Callable[..., Any], calls: int) -> Callable[..., Any]:
    left = calls

    def counted(*arguments: Any, **options: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)

    return counted
