"""Where the journals of this machine's bots lie."""

import re
from pathlib import Path

from kaidan.errors import UsageError
from kaidan.home import kaidan_home

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def journal_file(name: str, home: Path | None = None) -> Path:
    """The file of the journal `name`, whether or not it exists.

    Parameters
    ----------
    name : str
    home : Path, optional
        Default: `KAIDAN_HOME`.

    Raises
    ------
    UsageError
        The name could lead out of the folder.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"--name got {name!r}, wanted at most 64 letters, digits, dots, dashes and underscores"
        )
    return _folder(home) / f"{name}.sqlite"


def journal_files(home: Path | None = None) -> list[Path]:
    """Every journal, the one written last first."""
    return sorted(_folder(home).glob("*.sqlite"), key=_written_ns, reverse=True)


def _folder(home: Path | None) -> Path:
    return (kaidan_home() if home is None else home) / "journal"


def _written_ns(path: Path) -> int:
    # What was written last is in the write-ahead log, until it is folded into the file.
    log = path.with_name(path.name + "-wal")
    return max(one.stat().st_mtime_ns for one in (path, log) if one.exists())
