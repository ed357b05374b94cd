"""Measured in a process of its own: what is given back is gone, and everything still works."""

import subprocess
import sys

import pytest

from kaidan.bot.memory import _code

MEASURED = """
import numpy, onnxruntime, psutil
from kaidan.bot.memory import give_back

def resident():
    return psutil.Process().memory_info().rss

junk = [bytearray(2000) for _ in range(20_000)]
keep = junk[::100]
del junk
before = resident()
give_back()
print(before - resident())
assert numpy.linalg.inv(numpy.eye(3)).sum() == 3
assert all(len(one) == 2000 for one in keep)
give_back()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is given back on Linux only")
def test_memory_that_is_not_needed_is_given_back_and_nothing_breaks() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURED], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10_000_000


def test_only_code_of_files_that_nobody_can_write_to_is_touched() -> None:
    maps = """\
55d0c8a00000-55d0c8a01000 r--p 00000000 08:01 1 /usr/bin/python3.11
55d0c8a01000-55d0c8a02000 r-xp 00001000 08:01 1 /usr/bin/python3.11
55d0c8a02000-55d0c8a03000 rw-p 00002000 08:01 1 /usr/bin/python3.11
7f0000000000-7f0000001000 rwxp 00000000 08:01 2 /usr/lib/a b.so
7f0000002000-7f0000004000 r-xp 00000000 08:01 2 /usr/lib/a b.so
7f0000005000-7f0000006000 r-xp 00000000 00:00 0
7ffd00000000-7ffd00001000 r-xp 00000000 00:00 0 [vdso]
"""
    assert _code(maps) == [
        (0x55D0C8A01000, 0x55D0C8A02000),
        (0x7F0000002000, 0x7F0000004000),
    ]
