"""What is live in the registry, brought into the cache: the only part of serving that opens MLflow.

It may take long or never end: whoever must not wait runs it in a process of its own.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from kaidan.artifact.runtime import RuntimeRefusal
from kaidan.errors import RegistryError, StoreError
from kaidan.home import kaidan_home
from kaidan.registry.store import (
    Version,
    fetch_bundle,
    live_version,
    model_name,
    newest_number,
    version_with_alias,
)
from kaidan.serving.cache import Cached, Entry, ModelCache
from kaidan.settings import Settings


class Fate(StrEnum):
    """What became of a version that the registry names."""

    unchanged = "unchanged"
    found = "found in the cache"
    fetched = "fetched"
    nothing = "nothing live"
    failed = "failed"


@dataclass(frozen=True)
class Brought:
    """One version, or none, brought into the cache.

    Attributes
    ----------
    fate : Fate
    version : int or None
        None where there is none, or where the registry did not say which.
    why : str
        It failed; else empty.
    """

    fate: Fate
    version: int | None = None
    why: str = ""

    def __str__(self) -> str:
        named = "" if self.version is None else f"version {self.version}, "
        return f"{named}{self.fate}{': ' if self.why else ''}{self.why}"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"what": str(self.fate), "version": self.version, "why": self.why or None}


@dataclass(frozen=True)
class Pull:
    """What a pull did.

    Attributes
    ----------
    at : str, ISO 8601 in UTC
    live : dict of level to Brought
    shadow : dict of level to Brought
        Of levels that have a shadow.
    """

    at: str
    live: dict[int, Brought]
    shadow: dict[int, Brought]

    @property
    def failed(self) -> dict[int, str]:
        """Why the cache does not hold what is live, by level."""
        return {level: one.why for level, one in self.live.items() if one.fate is Fate.failed}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "at": self.at,
            "failed": bool(self.failed),
            "levels": [
                {
                    "level": level,
                    "live": one.to_dict(),
                    "shadow": self.shadow[level].to_dict() if level in self.shadow else None,
                }
                for level, one in self.live.items()
            ],
        }


def pull(settings: Settings, home: Path | None = None) -> Pull:
    """Bring what is live, and the shadow, into the cache; nothing is fetched that is there.

    Several may be at work at once. Nothing raises: what fails leaves the cache as it was.

    Parameters
    ----------
    settings : Settings
    home : Path, optional
        Default: `KAIDAN_HOME`.
    """
    cache = ModelCache(kaidan_home() if home is None else home)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        before = cache.index()
    except RuntimeRefusal:
        before = {}  # written anew
    after, live, shadow = dict(before), dict[int, Brought](), dict[int, Brought]()
    silence = ""
    for level in settings.bot.ladder.levels:
        if not silence:
            try:
                wanted, marked = _named(level, settings.bot.ladder.shadow)
                if wanted is None:
                    _require_memory(before)
            except StoreError as error:
                silence = str(error)
        if silence:
            # Each level would wait for the same time-out.
            live[level] = Brought(Fate.failed, why=silence)
            continue
        known = before.get(level)
        entry, live[level] = _bring(cache, wanted, known.live if known else None, at)
        if live[level].fate is Fate.failed:
            continue
        beside, fate = _bring(cache, marked, known.shadow if known else None, at)
        if marked is not None:
            shadow[level] = fate
        after[level] = Cached(entry, at, beside, _replaced(known, entry))
    if after != before:
        try:
            cache.write(after)
            cache.sweep(after)
        except OSError as error:
            live = dict.fromkeys(live, Brought(Fate.failed, why=_unwritable(error)))
    return Pull(at, live, shadow)


def _named(level: int, shadow: str) -> tuple[Version | None, Version | None]:
    """The live version and its shadow, as the registry has them now."""
    live = live_version(level)
    if live is None or shadow == "none":
        return live, None
    marked = version_with_alias(level, shadow)
    same = marked is not None and marked.number == live.number
    return live, None if same else marked


def _require_memory(before: Mapping[int, Cached]) -> None:
    """Refuse the word of a registry that has forgotten everything that was live.

    MLflow makes an empty database where one has vanished, a volume that is not mounted for example.

    Raises
    ------
    StoreError
        Something was live, and the registry knows no version of any of it.
    """
    were = {level: one.live.version for level, one in before.items() if one.live is not None}
    if were and all(newest_number(level) == 0 for level in were):
        level, version = next(iter(were.items()))
        raise StoreError(
            f"the registry knows no version of {model_name(level)}, of which version {version} was "
            "live: is this the right store? if it is, delete the model cache"
        )


def _bring(
    cache: ModelCache, version: Version | None, known: Entry | None, at: str
) -> tuple[Entry | None, Brought]:
    """What the index is to say of a version, and what became of it."""
    if version is None:
        return None, Brought(Fate.nothing)
    try:
        entry = _entry(version, known, at)
        fate = Fate.unchanged if entry == known else Fate.found
        try:
            cache.read(entry)
        except RuntimeRefusal:
            fate = Fate.fetched
            # Threads of a download that failed may still write as this is removed.
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                cache.put(fetch_bundle(version, Path(folder)), entry)
    except (RegistryError, RuntimeRefusal) as error:
        return known, Brought(Fate.failed, version.number, str(error))
    except OSError as error:
        return known, Brought(Fate.failed, version.number, _unwritable(error))
    return entry, Brought(fate, version.number)


def _entry(version: Version, known: Entry | None, at: str) -> Entry:
    created = datetime.fromtimestamp(version.created_ms / 1e3, UTC)
    entry = Entry(
        version=version.number,
        model_sha256=version.tag("model_sha256"),
        contract_sha256=version.tag("contract_sha256"),
        fetched_at=at,
        created_at=created.isoformat(timespec="seconds"),
        learnt_from=version.tags.get("learnt_from"),
        learnt_until=version.tags.get("learnt_until"),
    )
    if known is None or (known.version, known.model_sha256) != (entry.version, entry.model_sha256):
        return entry
    return replace(entry, fetched_at=known.fetched_at)


def _replaced(known: Cached | None, live: Entry | None) -> Entry | None:
    """What was live before, now that `live` is."""
    if known is None:
        return None
    old = known.live
    changed = old is not None and (live is None or live.model_sha256 != old.model_sha256)
    return old if changed else known.before


def _unwritable(error: OSError) -> str:
    return (
        f"the model cache cannot be written ({error.strerror or error}: {error.filename}); "
        "make room, or set KAIDAN_HOME to a folder that can be written"
    )
