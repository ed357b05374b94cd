"""Which bars the live models have learnt from: what a model was shown proves nothing about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaidan.errors import DataError, RegistryError
from kaidan.serving.cache import Entry, ModelCache
from kaidan.serving.ladder import Ladder


@dataclass(frozen=True)
class Learnt:
    """Bars that a version may have seen, both ends included.

    Attributes
    ----------
    level, version : int
    first : Timestamp, UTC, or None
        None where nobody tells how far back it goes: then all earlier bars count.
    last : Timestamp, UTC
    """

    level: int
    version: int
    first: pd.Timestamp | None
    last: pd.Timestamp

    def covers(self, times: pd.DatetimeIndex) -> NDArray[np.bool_]:
        """Mark the `times` between both ends, (n_bars,)."""
        begun = True if self.first is None else times >= self.first
        return np.asarray(begun & (times <= self.last))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            "level": self.level,
            "version": self.version,
            "learnt_from": None if self.first is None else self.first.isoformat(),
            "learnt_until": self.last.isoformat(),
        }

    def __str__(self) -> str:
        first = "any bar" if self.first is None else f"{self.first:%Y-%m-%d %H:%M}"
        return f"level {self.level} version {self.version}: {first} to {self.last:%Y-%m-%d %H:%M}"


def registered(ladder: Ladder) -> tuple[Learnt, ...]:
    """What the loaded levels have learnt from, as the registry tells.

    Raises
    ------
    RegistryError
        Another version went live since the ladder was loaded, or one does not tell.
    """
    from kaidan.registry.store import live_version

    found = []
    for level, runtime in ladder.loaded.items():
        version = live_version(level)
        if version is None or version.tag("model_sha256") != runtime.model_sha256:
            raise RegistryError(
                f"level {level} got another live version while its model was loaded; "
                "run the command again"
            )
        first, last = (pd.Timestamp(version.tag(tag)) for tag in ("learnt_from", "learnt_until"))
        found.append(Learnt(level, version.number, first, last))
    return tuple(found)


def cached(ladder: Ladder, cache: ModelCache) -> tuple[Learnt, ...]:
    """What the loaded levels have learnt from, as the cache tells.

    Where it does not, that is all bars before a level was fetched: it can have learnt from no
    later ones.
    """
    entries = cache.entries()
    return tuple(_of_entry(level, entries[level]) for level in ladder.loaded)


def _of_entry(level: int, entry: Entry) -> Learnt:
    if entry.learnt_from is None or entry.learnt_until is None:
        return Learnt(level, entry.version, None, pd.Timestamp(entry.fetched_at))
    first, last = pd.Timestamp(entry.learnt_from), pd.Timestamp(entry.learnt_until)
    return Learnt(level, entry.version, first, last)


def unseen(times: pd.DatetimeIndex, learnt: Sequence[Learnt]) -> NDArray[np.bool_]:
    """Mark the bars that no level has learnt from, (n_bars,).

    Raises
    ------
    DataError
        There is none.
    """
    mask: NDArray[np.bool_] = ~np.any([one.covers(times) for one in learnt], axis=0)
    if not mask.any():
        raise DataError(
            f"all {len(times):,} bars from {times[0]:%Y-%m-%d} to {times[-1]:%Y-%m-%d} were learnt "
            f"from ({'; '.join(map(str, learnt))}); pass later bars, or use --walk-forward"
        )
    return mask
