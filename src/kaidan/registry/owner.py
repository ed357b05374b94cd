"""Who is at work on the registry, and whether they still are."""

import getpass
import os
import platform
import uuid
from dataclasses import dataclass
from pathlib import Path

import psutil

# A process's start is rounded differently when it is asked for at different times.
_SAME_START_S = 1.0


@dataclass(frozen=True)
class Owner:
    """A process that holds, or waits for, its turn.

    Attributes
    ----------
    token : str
        Unique to one turn.
    name : str
        `user@host`, for people.
    place : str
        Names the kernel and the namespace in which `pid` means something.
    pid : int
    started : float
        When the process began, in seconds since the epoch: pids are used again.
    """

    token: str
    name: str
    place: str
    pid: int
    started: float

    @classmethod
    def here(cls) -> "Owner":
        """Make one for a turn of this process."""
        pid = os.getpid()
        return cls(uuid.uuid4().hex, who(), _place(), pid, psutil.Process(pid).create_time())

    def is_dead(self) -> bool:
        """The process ran here and is over; of another host's nothing is known."""
        if self.place != _place():
            return False
        try:
            process = psutil.Process(self.pid)
            another = abs(process.create_time() - self.started) > _SAME_START_S
            return another or process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True


def who() -> str:
    """`user@host` of this process."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        user = str(os.getuid())
    return f"{user}@{platform.node()}"


def _place() -> str:
    # Two containers of one machine share its boot, but not their pids.
    known = [platform.node()]
    for path in ("/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid"):
        try:
            link = Path(path)
            known.append(link.readlink().name if link.is_symlink() else link.read_text().strip())
        except OSError:
            continue
    return " ".join(known)
