"""Names from before kaidan: what the bots of that time, and their folders, still say.

Knows nothing of MLflow, so that the command line can ask without importing it.
"""

from collections.abc import Mapping
from types import MappingProxyType

OLD_NAMES: Mapping[str, int] = MappingProxyType(
    {"production_ensemble_full": 1, "production_ensemble": 2, "production_ensemble_57": 3}
)
N_FEATURES: Mapping[int, int] = MappingProxyType({1: 70, 2: 62, 3: 57})


def level_of(name: str) -> int | None:
    """Level that an old name stands for; None when it is not an old name.

    Examples
    --------
    >>> level_of("production_ensemble_57"), level_of("ensemble_level3")
    (3, None)
    """
    return OLD_NAMES.get(name)
