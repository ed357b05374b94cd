"""Models in the folders from before kaidan, described without opening one.

Loading a pickle runs whatever was put into it, so a model is read as bytes, for its sha256, and
all else comes from names, from folders and from the JSON files beside it.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from stat import S_ISLNK, S_ISREG

from kaidan.errors import UsageError
from kaidan.registry.legacy.match import Match, match
from kaidan.registry.legacy.metadata import Metadata, read_metadata, storable
from kaidan.registry.legacy.names import N_FEATURES, OLD_NAMES
from kaidan.registry.legacy.time import stamp, without_stamp

SUFFIXES = (".pkl", ".pickle", ".joblib")
_N_NAMED = 5
_LEVELS_BY_NAME = {**OLD_NAMES, **{f"ensemble_level{level}": level for level in N_FEATURES}}


@dataclass(frozen=True)
class LegacyModel:
    """A model file, and what is known of it.

    Attributes
    ----------
    path : str
        Below the folder that was scanned, with slashes.
    sha256 : str
    n_bytes : int
    level : int or None
    level_from : str
        What told the level, or why it is unknown.
    when : datetime
        UTC.
    when_from : str
        What told the time.
    metadata : Metadata or None
        What is taken to be true of this model.
    document : str
        The JSON file beside it as it is, also one that rather describes another model.
    metadata_from : str
        Where the metadata come from and how sure that is, or why there are none.
    """

    path: str
    sha256: str
    n_bytes: int
    level: int | None
    level_from: str
    when: datetime
    when_from: str
    metadata: Metadata | None
    document: str
    metadata_from: str

    @property
    def findings(self) -> tuple[str, ...]:
        """What was found of it and what was not, a line each."""
        known = self.metadata or Metadata(text="")
        n_features, left_out = known.n_features, known.left_out
        git = [f"commit {known.commit}"] * bool(known.commit)
        git += [f"branch {known.branch}"] * bool(known.branch)
        git += [f"dirty: {known.dirty}"] * bool(known.dirty)
        lines = [
            f"level {self.level}: {self.level_from}" if self.level else self.level_from,
            f"time {self.when:%Y-%m-%d %H:%M} UTC: {self.when_from}",
            self.metadata_from,
            f"features: {n_features}" if n_features else "no number of features",
            "features named" if known.features else "no feature names",
            f"metrics: {len(known.metrics)}" if known.metrics else "no metrics",
            f"git: {', '.join(git)}" if git else "no git information",
        ]
        if left_out:
            more = f" and {len(left_out) - _N_NAMED} more" if len(left_out) > _N_NAMED else ""
            named = ", ".join(left_out[:_N_NAMED])
            lines.append(f"left out (not finite, or the name is taken): {named}{more}")
        if self.level and n_features not in (None, N_FEATURES[self.level]):
            lines.append(
                f"odd: {n_features} features, level {self.level} has {N_FEATURES[self.level]}"
            )
        return tuple(lines)


@dataclass(frozen=True)
class Scan:
    """Models of a folder, the oldest first, and a line for each thing that could not be read."""

    models: tuple[LegacyModel, ...]
    faults: tuple[str, ...]


def scan(root: Path) -> Scan:
    """Describe every model file below `root`; hidden folders and links are passed over.

    Raises
    ------
    UsageError
        There is no such folder, or no model in it.
    """
    if not root.is_dir():
        raise UsageError(f"{root} is not a folder; name the one that holds the old models")
    root = root.resolve()
    faults: list[str] = []
    models: list[LegacyModel] = []

    def unreadable(error: OSError) -> None:
        faults.append(f"{error.filename}: cannot be read ({error.strerror})")

    for folder, below, names in os.walk(root, onerror=unreadable):
        below[:] = [name for name in below if not name.startswith(".")]
        models += _Folder(root, Path(folder), faults).models(sorted(names))
    if not models:
        raise UsageError(
            f"{root} holds no model ({', '.join(SUFFIXES)}) that can be read; "
            + "; ".join([*faults, "name the folder above production/"])
        )
    return Scan(tuple(sorted(models, key=lambda one: (one.when, one.path))), tuple(faults))


@dataclass(frozen=True)
class _Folder:
    root: Path
    folder: Path
    faults: list[str]

    def models(self, names: list[str]) -> list[LegacyModel]:
        wanted = [name for name in names if name.endswith((*SUFFIXES, ".json"))]
        files = [name for name in wanted if self._is_regular(name)]
        models = [name for name in files if name.endswith(SUFFIXES)]
        matches = match(models, [name for name in files if name.endswith(".json")])
        read: dict[str, Metadata | str] = {}
        for file in dict.fromkeys(one.file for one in matches.values() if one.file):
            read[file] = read_metadata(self.folder / file)
            if isinstance(fault := read[file], str):
                self.faults.append(f"{self._path(file)}: {fault}")
        found = [self._model(name, matches[name], read.get(matches[name].file)) for name in models]
        return [one for one in found if one is not None]

    def _is_regular(self, name: str) -> bool:
        try:
            mode = (self.folder / name).lstat().st_mode
        except OSError as error:
            self._unreadable(name, error)
            return False
        if S_ISLNK(mode):
            self.faults.append(f"{self._path(name)}: is a link; what it points to counts")
        return S_ISREG(mode)

    def _unreadable(self, name: str, error: OSError) -> None:
        self.faults.append(f"{self._path(name)}: cannot be read ({error.strerror})")

    def _model(self, name: str, found: Match, read: Metadata | str | None) -> LegacyModel | None:
        path = self.folder / name
        try:
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                status = os.fstat(file.fileno())
        except OSError as error:
            self._unreadable(name, error)
            return None
        level = _LEVELS_BY_NAME.get(without_stamp(path.stem))
        metadata, metadata_from = _judged(name, level, found, read)
        level_from = "by its name"
        if level is None:
            level, level_from = _counted(metadata, found)
        modified = datetime.fromtimestamp(status.st_mtime, UTC)
        when, when_from = self._time(path, metadata, found) or (modified, "last change of the file")
        return LegacyModel(
            path=self._path(name),
            sha256=sha256,
            n_bytes=status.st_size,
            level=level,
            level_from=level_from,
            when=when,
            when_from=when_from,
            metadata=metadata,
            document=read.text if isinstance(read, Metadata) else "",
            metadata_from=metadata_from,
        )

    def _time(
        self, path: Path, metadata: Metadata | None, found: Match
    ) -> tuple[datetime, str] | None:
        """The surest time first: a shared file may tell that of another model."""
        told = metadata.when if metadata else None
        if told and not found.shared:
            return told, "from its metadata"
        if dated := stamp(path.stem):
            return dated, "from its name"
        if told:
            return told, "from shared metadata"
        for folder in (self.folder, *self.folder.parents):
            if dated := stamp(folder.name):
                return dated, f"from the folder {storable(folder.name)}"
            if folder == self.root:
                break
        return None

    def _path(self, name: str) -> str:
        return storable(str(PurePosixPath((self.folder / name).relative_to(self.root))))


def _judged(
    name: str, level: int | None, found: Match, read: Metadata | str | None
) -> tuple[Metadata | None, str]:
    """What may be believed of this model, and how sure it is."""
    if read is None:
        return None, found.why_not
    file = storable(found.file)
    if isinstance(read, str):
        return None, f"no metadata: {file} {read}"
    if not found.shared:
        return read, f"metadata: {file}"
    return _shared(name, level, found, read)


def _shared(
    name: str, level: int | None, found: Match, read: Metadata
) -> tuple[Metadata | None, str]:
    shared = f"{storable(found.file)}, shared by {len(found.sharers)} files"
    meant = read.mentions(found.sharers)
    if meant and name not in meant:
        return None, f"no metadata: {shared}, names {storable(', '.join(sorted(meant)))}"
    others = set(N_FEATURES.values()) - {N_FEATURES[level]} if level else set()
    if read.n_features in others:
        return None, f"no metadata: {shared}, describes a model of {read.n_features} features"
    if meant == {name}:
        return read, f"metadata: {shared}, names this one"
    return read, f"metadata: {shared}: may describe another one"


def _counted(metadata: Metadata | None, found: Match) -> tuple[int | None, str]:
    """Level by the number of features, if they are surely those of this model."""
    levels = {n: level for level, n in N_FEATURES.items()}
    if metadata is not None and not found.shared and metadata.n_features in levels:
        return levels[metadata.n_features], "by its number of features"
    return None, (
        "level unknown: neither an old name nor metadata of its own with "
        f"{', '.join(map(str, N_FEATURES.values()))} features"
    )
