"""What starting and opening a model take and no longer need goes back to the system."""

import ctypes
from contextlib import suppress
from pathlib import Path

_MAPS = Path("/proc/self/maps")
_MADV_DONTNEED = 4


def give_back() -> None:
    """Return free memory, and forget library code until it runs again.

    Opening a model takes several times what stays of it; glibc keeps the rest unless it is told.
    Of a library's code most runs once, while it is loaded: its pages are unmapped, and those that
    are used come back from the file, at a few microseconds each. Only code that nobody can write
    to is touched. Elsewhere than on Linux nothing happens.
    """
    library = ctypes.CDLL(None)
    trim = getattr(library, "malloc_trim", None)
    if trim is not None:
        trim(0)
    with suppress(OSError):
        for start, end in _code(_MAPS.read_text()):
            library.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_DONTNEED)


def _code(maps: str) -> list[tuple[int, int]]:
    """Address ranges of executable, read-only, private mappings of files."""
    found = []
    for line in maps.splitlines():
        fields = line.split(maxsplit=5)
        if len(fields) == 6 and fields[1] == "r-xp" and fields[5].startswith("/"):
            start, _, end = fields[0].partition("-")
            found.append((int(start, 16), int(end, 16)))
    return found
