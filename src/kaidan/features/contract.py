"""The contract of a level: what its columns are called and what they mean, hashed.

Training, logging, loading and predicting ask for the same hash: no model meets other columns.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any

from kaidan.errors import ContractError, UsageError
from kaidan.settings import LevelSettings, Settings, canonical_json

LEVELS = (1, 2, 3)


@dataclass(frozen=True)
class Contract:
    """What a model of one level is given.

    Parameters
    ----------
    level : int
        1, 2 or 3.
    features : tuple of str
        Column names, in order.
    dtype : str
        What the columns are cast to before a model sees them.
    formula_version : int
        Raised when a formula changes under an unchanged name.
    warmup_bars : int
        Bars needed for one row of features.
    strategies_sha256 : str, optional
        Of the thresholds behind the strategy signals: another threshold is another feature.
        None for level 3, which has no signals.
    """

    level: int
    features: tuple[str, ...]
    dtype: str
    formula_version: int
    warmup_bars: int
    strategies_sha256: str | None

    @cached_property
    def sha256(self) -> str:
        """Hash of the canonical JSON of all of the above."""
        return _sha256(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, for a manifest."""
        return {**asdict(self), "features": list(self.features)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Contract":
        """Read back what `to_dict` gave.

        Raises
        ------
        ContractError
            A key is missing or unknown.
        """
        wanted = {field.name for field in fields(cls)}
        if set(values) != wanted:
            raise ContractError(
                f"a contract has the keys {sorted(wanted)}, got {sorted(values)}: "
                "it was written by another version of kaidan, train again"
            )
        return cls(**{**values, "features": tuple(values["features"])})


def level_contract(settings: Settings, level: int) -> Contract:
    """Contract of `level` under `settings`.

    Raises
    ------
    UsageError
        There is no such level.
    """
    names = level_features(settings.levels, level)
    has_signals = set(settings.levels.strategy) <= set(names)
    thresholds = settings.training.strategies.model_dump(mode="json")
    return Contract(
        level=level,
        features=names,
        dtype=settings.levels.dtype,
        formula_version=settings.levels.formula_version,
        warmup_bars=settings.levels.warmup_bars,
        strategies_sha256=_sha256(thresholds) if has_signals else None,
    )


def level_features(levels: LevelSettings, level: int | str) -> tuple[str, ...]:
    """Feature names of `level`, in order; each level is a prefix of the one above it.

    Raises
    ------
    UsageError
        There is no such level.
    """
    if not isinstance(level, int) or level not in LEVELS:
        raise UsageError(f"no such level: got {level!r}, wanted 1, 2 or 3")
    groups = (levels.technical, levels.strategy, levels.macro)
    return tuple(name for group in groups[: 4 - level] for name in group)


def _sha256(value: Any) -> str:
    return hashlib.sha256(canonical_json(value)).hexdigest()
