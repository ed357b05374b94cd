"""Verified models on disk, named by their hash, so that the bot starts without the registry.

Imports numpy, onnxruntime and the standard library only: a bot that starts from here is small.
"""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kaidan.artifact.runtime import Runtime, RuntimeRefusal, verify_bundle

INDEX = "production.json"
_STAGED = ".staged-"
_SHA256_DIGITS = 64
# Who read the index just before it was written anew opens its models within seconds.
_UNNAMED_SECONDS = 86_400


@dataclass(frozen=True)
class Entry:
    """A version whose model is in the cache.

    Attributes
    ----------
    version : int
    model_sha256 : str
        Names the folder, and is what its manifest must hash to.
    contract_sha256 : str
    fetched_at : str, ISO 8601 in UTC
        When the version was first found live here, or in the shadow.
    created_at : str, ISO 8601 in UTC, or None
        When it was registered; None in an index of kaidan 0.1.
    learnt_from, learnt_until : str, ISO 8601 in UTC, or None
        The bars that it may have seen, both ends included; None where nobody tells.
    """

    version: int
    model_sha256: str
    contract_sha256: str
    fetched_at: str
    created_at: str | None = None
    learnt_from: str | None = None
    learnt_until: str | None = None


@dataclass(frozen=True)
class Cached:
    """What the registry last said of a level.

    Attributes
    ----------
    live : Entry or None
        None: nothing is in Production.
    confirmed_at : str, ISO 8601 in UTC
        When the registry last said that this is what is live.
    shadow : Entry or None
        The version that is scored beside the live one.
    before : Entry or None
        What was live before, if it is another model: kept for a bot, and for a rollback.
    """

    live: Entry | None
    confirmed_at: str
    shadow: Entry | None = None
    before: Entry | None = None

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All versions that are named."""
        return tuple(one for one in (self.live, self.shadow, self.before) if one is not None)


class ModelCache:
    """Bundles below `home/models`, and an index of which of them is live at each level.

    Parameters
    ----------
    home : Path
        Made when something is first put into it.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / "models"

    def bundle(self, model_sha256: str) -> Path:
        """Where a bundle lies, or would lie."""
        return self._folder / model_sha256

    def index(self) -> dict[int, Cached]:
        """What the registry last said, by level; empty when it was never asked.

        Raises
        ------
        RuntimeRefusal
            The index is damaged.
        """
        path = self._folder / INDEX
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return {int(level): _cached(said) for level, said in found.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
            raise RuntimeRefusal(
                f"the model cache's index {path} cannot be read ({error}); delete it and start "
                "once with the registry"
            ) from error

    def entries(self) -> dict[int, Entry]:
        """What was live, by level; raises as `index` does."""
        return {
            level: cached.live for level, cached in self.index().items() if cached.live is not None
        }

    def read(self, entry: Entry) -> dict[str, bytes]:
        """The files of a cached model, verified; raises `RuntimeRefusal` if they are not it."""
        return verify_bundle(self.bundle(entry.model_sha256), entry.model_sha256)

    def open(self, entry: Entry, *, threads: int = 1) -> Runtime:
        """Open a cached model, verified against its entry before anything in it is read."""
        return Runtime(self.read(entry), threads)

    def put(self, fetched: Path, entry: Entry) -> None:
        """Keep a downloaded bundle if it verifies and opens.

        A bundle that is refused never reaches its place in the cache.
        """
        Runtime.open(fetched, expected_sha256=entry.model_sha256)
        place = self.bundle(entry.model_sha256)
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=_STAGED) as folder:
            staged = Path(folder) / "bundle"
            shutil.copytree(fetched, staged)
            with suppress(RuntimeRefusal):
                self.read(entry)
                return  # somebody else has just put it there
            with suppress(FileNotFoundError):
                place.replace(Path(folder) / "refused")
            staged.replace(place)

    def write(self, index: Mapping[int, Cached]) -> None:
        """Replace the index, whole or not at all.

        Raises
        ------
        OSError
            It could not be written; the old one is untouched, and nothing is left behind.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        said = {str(level): asdict(cached) for level, cached in sorted(index.items())}
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=_STAGED)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(json.dumps(said, indent=1))
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._folder / INDEX)
        finally:
            Path(name).unlink(missing_ok=True)

    def sweep(self, index: Mapping[int, Cached]) -> None:
        """Remove what `index` has not named for a day: the cache does not grow.

        The time of a bundle's folder is when the bundle was last named.
        """
        named = {entry.model_sha256 for cached in index.values() for entry in cached.entries}
        horizon = time.time() - _UNNAMED_SECONDS
        for path in self._folder.iterdir():
            # Another process may be at work here, too.
            with suppress(FileNotFoundError):
                if path.name in named:
                    os.utime(path)
                elif path.stat().st_mtime < horizon and _is_ours(path.name):
                    _remove(path)


def _cached(said: dict[str, Any]) -> Cached:
    if "version" in said:  # kaidan 0.1 wrote down the live version and nothing else
        entry = Entry(**said)
        return Cached(live=entry, confirmed_at=entry.fetched_at)
    live, shadow, before = (
        None if said[name] is None else Entry(**said[name]) for name in ("live", "shadow", "before")
    )
    return Cached(live, said["confirmed_at"], shadow, before)


def _is_ours(name: str) -> bool:
    return name.startswith(_STAGED) or len(name) == _SHA256_DIGITS


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink()
