"""A file that one process holds; the kernel lets go when it ends, however it ends."""

import fcntl
import os
from pathlib import Path


class HeldError(Exception):
    """Another process holds the file.

    Attributes
    ----------
    holder : str
        Its number, or `another`.
    """

    def __init__(self, holder: str) -> None:
        super().__init__(f"held by process {holder}")
        self.holder = holder


def hold(path: Path) -> int:
    """Hold a file for this process alone until what is returned is closed; the file stays.

    Parameters
    ----------
    path : Path
        Made when it is not there, with its folder.

    Returns
    -------
    int
        File descriptor.

    Raises
    ------
    HeldError
        Another process holds it.
    OSError
        It cannot be made or written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise HeldError(os.read(file, 20).decode() or "another") from error
        os.ftruncate(file, 0)
        os.write(file, str(os.getpid()).encode())
    except BaseException:
        os.close(file)
        raise
    return file
