from tests.faults.processes import crowd
from tests.release import release

__all__ = ["crowd", "release"]
