"""Verified models on disk, named by their hash, so that the bot starts without the registry.

Imports numpy, onnxruntime and the standard library only: a bot that starts from here is small.
"""

import json
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from kaidan.artifact.runtime import Runtime, RuntimeRefusal

INDEX = "production.json"


@dataclass(frozen=True)
class Entry:
    """What was live when the cache was last brought up to date.

    Attributes
    ----------
    version : int
    model_sha256 : str
        Names the folder, and is what its manifest must hash to.
    contract_sha256 : str
    fetched_at : str, ISO 8601 in UTC
    """

    version: int
    model_sha256: str
    contract_sha256: str
    fetched_at: str


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

    def entries(self) -> dict[int, Entry]:
        """What was live, by level; empty when nothing was ever fetched.

        Raises
        ------
        RuntimeRefusal
            The index is damaged.
        """
        path = self._folder / INDEX
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return {int(level): Entry(**entry) for level, entry in found.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise RuntimeRefusal(
                f"the model cache's index {path} cannot be read ({error}); delete it and start "
                "once with the registry"
            ) from error

    def open(self, entry: Entry, *, threads: int = 1) -> Runtime:
        """Open a cached model, verified against its entry before anything in it is read."""
        return Runtime.open(
            self.bundle(entry.model_sha256), expected_sha256=entry.model_sha256, threads=threads
        )

    def put(self, fetched: Path, entry: Entry, *, threads: int = 1) -> Runtime:
        """Keep a downloaded bundle if it verifies, and return it opened.

        A bundle that is refused never reaches its place in the cache.
        """
        runtime = Runtime.open(fetched, expected_sha256=entry.model_sha256, threads=threads)
        place = self.bundle(entry.model_sha256)
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            staged = Path(folder) / "bundle"
            shutil.copytree(fetched, staged)
            if place.exists():
                # It is here because it was refused: a good one is opened and not fetched.
                place.replace(Path(folder) / "refused")
            staged.replace(place)
        return runtime

    def set_live(self, entries: dict[int, Entry]) -> None:
        """Write the index, whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({str(level): asdict(e) for level, e in sorted(entries.items())}, indent=1)
        with tempfile.NamedTemporaryFile(
            "w", dir=self._folder, encoding="utf-8", delete=False
        ) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(self._folder / INDEX)
