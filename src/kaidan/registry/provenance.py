"""Which code trained a model."""

from dataclasses import dataclass
from pathlib import Path

import git

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Provenance:
    """Commit of kaidan's own source, and whether anything was changed since.

    Attributes
    ----------
    commit : str
        Full hash, or `unknown` where kaidan does not run from a git checkout.
    dirty : bool
        Uncommitted or untracked files; True when unknown, for nothing vouches for the code.
    """

    commit: str
    dirty: bool


def provenance(source: Path = Path(__file__)) -> Provenance:
    """Look at the repository that tracks `source`, if one does."""
    try:
        with git.Repo(source.parent, search_parent_directories=True) as repository:
            # An installed wheel may lie inside somebody else's checkout.
            if not repository.git.ls_files(str(source)):
                return Provenance(UNKNOWN, dirty=True)
            return Provenance(
                repository.head.commit.hexsha, repository.is_dirty(untracked_files=True)
            )
    except (git.InvalidGitRepositoryError, git.NoSuchPathError, git.GitCommandError, ValueError):
        return Provenance(UNKNOWN, dirty=True)
