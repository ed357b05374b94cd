"""A writer that is killed over its record: `python -m tests.registry.health.killed STATE V`."""

import os
import signal
import sys

from kaidan.registry import journal
from kaidan.registry.record import Action, Move, State

if __name__ == "__main__":
    record = journal.add(Action.promotion, (3,), "")
    if sys.argv[1] == "moving":
        standing = journal.standing(3)
        move = Move(3, before=1, after=int(sys.argv[2]), previous=1, beneath=standing.number)
        journal.write(record.with_(state=State.moving, moves=(move,), said="every gate passed"))
    os.kill(os.getpid(), signal.SIGKILL)
