"""One hash over all that MLflow keeps of a model, so that nothing in it changes unseen."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from kaidan.errors import ArtifactError
from kaidan.settings import canonical_json

# MLflow writes it into what it downloads, and into a store that it can read in place: the name
# under which the model was last asked for. Nothing reads it.
_WRITTEN_BY_READERS = "registered_model_meta"


def package_sha256(folder: Path) -> str:
    """Hash the names and the bytes of all files of a logged model.

    Parameters
    ----------
    folder : Path
        Holds `MLmodel` and whatever lies beside and below it. Folders count by their files:
        an empty one is nothing, for artifact stores other than a disk have none.

    Returns
    -------
    str
        Sha256 of the canonical JSON of {path in the folder: sha256 of the file}.

    Raises
    ------
    ArtifactError
        Something is a link or no regular file, or cannot be read.
    """
    try:
        hashes = {path.relative_to(folder).as_posix(): _sha256(path) for path in _files(folder)}
    except OSError as error:
        raise ArtifactError(
            f"cannot read {error.filename} ({error.strerror}); fetch the model again"
        ) from error
    hashes.pop(_WRITTEN_BY_READERS, None)
    return hashlib.sha256(canonical_json(hashes)).hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path = folder / entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from _files(path)
            elif entry.is_file(follow_symlinks=False):
                yield path
            else:
                raise ArtifactError(f"{path} is not a regular file; fetch the model again")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
