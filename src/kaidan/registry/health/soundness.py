"""Whether a version can answer, here and now, and whether there is a way back from it."""

import tempfile
import time
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import numpy as np

from kaidan.artifact.runtime import Runtime, RuntimeRefusal
from kaidan.errors import RegistryError, StoreError
from kaidan.registry.health.examination import Finding, Health, fail, failed, ok, training, warn
from kaidan.registry.health.libraries import check_libraries
from kaidan.registry.rollback import Step
from kaidan.registry.store import Version, get_version
from kaidan.registry.verification import fetch_package, open_package, verify
from kaidan.settings import Settings

LIVE = "live version"
SMOKE = "smoke prediction"
WAY_BACK = "way back"
_N_TIMED = 50
# Further down lies what nobody would want back without looking.
_DEPTH = 20


def check_version(version: Version, settings: Settings, *, otherwise: str) -> list[Finding]:
    """Verify all of a version's package, ask it for an answer, and look at its libraries.

    Parameters
    ----------
    version : Version
        The live one.
    settings : Settings
    otherwise : str
        What to do when it is not what was registered.
    """
    level, number = version.level, version.number
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            package = fetch_package(f"models:/{version.name}/{number}", Path(folder))
            runtime = open_package(package, version, settings)
        except StoreError as error:
            return [failed(LIVE, level, error)]
        except RegistryError as error:
            return [fail(LIVE, level, str(error), otherwise)]
        return [
            ok(
                LIVE,
                level,
                f"version {number}, every byte; model {runtime.model_sha256[:12]}",
            ),
            check_answer(runtime, settings),
            check_libraries(level, package),
        ]


def check_answer(runtime: Runtime, settings: Settings) -> Finding:
    """Time one row, and hold it against the budget of the gate `latency_ms`.

    How bad it is to be over it is the gate's to say: what would not be let in must not stay
    unnoticed. The median of many rows, for a busy machine is not the model's fault.
    """
    level, budget = runtime.level, settings.gates.checks.latency_ms.threshold
    row = np.zeros((1, len(runtime.features)), dtype=np.float32)
    times = []
    try:
        for _ in range(_N_TIMED):
            started = time.perf_counter()
            runtime.predict(row)
            times.append(1e3 * (time.perf_counter() - started))
    except RuntimeRefusal as error:
        return fail(SMOKE, level, str(error), training(level))
    median = float(np.median(times))
    if median <= budget:
        return ok(SMOKE, level, f"{median:.3f} ms for a row, {budget:g} ms allowed")
    blocks = settings.gates.severity("latency_ms") == "block"
    return Finding(
        SMOKE,
        level,
        Health.fail if blocks else Health.warn,
        f"{median:.3f} ms for a row, {budget:g} ms allowed: this machine is too busy or too slow",
        "uptime tells who else is at work; where it is to be so, raise latency_ms in gates.yaml",
    )


def way_back(level: int, sound: Step | None, refused: dict[int, RegistryError]) -> Finding:
    """Tell whether a rollback would succeed.

    Parameters
    ----------
    level : int
    sound, refused
        What `first_sound` found beneath the live version.
    """
    if sound is not None and not refused:
        return ok(WAY_BACK, level, f"version {sound.version}, every byte")
    if not refused:
        said = "the live version replaced no other: there is no way back"
        return warn(WAY_BACK, level, said, training(level))
    first = str(next(iter(refused.values())))
    if sound is None:
        return warn(WAY_BACK, level, f"there is none: {first}", training(level))
    instead = f"to go back all the same: kaidan rollback --level {level} --to {sound.version}"
    return warn(WAY_BACK, level, first, instead)


def first_sound(
    level: int, steps: Iterable[Step], settings: Settings
) -> tuple[Step | None, dict[int, RegistryError]]:
    """The first of some steps whose version verifies, and what is wrong with those before it."""
    refused: dict[int, RegistryError] = {}
    for step in islice(steps, _DEPTH):
        if step.version in refused:
            continue
        try:
            verify(get_version(level, step.version), settings)
        except RegistryError as error:
            refused[step.version] = error
        else:
            return step, refused
    return None, refused
