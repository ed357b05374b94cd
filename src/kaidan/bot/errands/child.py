"""The first code of an errand's process: it sees to it that the process cannot outlive its bot.

A pipe does it and not `PR_SET_PDEATHSIG`: that one fires when the *thread* that started the child
ends, knows no grandchildren, and is Linux only.
"""

import os
import runpy
import signal
import sys
import threading

from kaidan.errors import KaidanError


def run(lifeline: int, seconds: float, module: str) -> None:
    """Run `module` as `__main__`, until it ends, the lifeline closes or the time is up.

    Parameters
    ----------
    lifeline : int
        The end to read from of a pipe whose other end only the bot holds.
    seconds : float
        The kernel ends the process then, even while an extension holds the interpreter's lock.
    module : str
    """
    signal.setitimer(signal.ITIMER_REAL, seconds)
    threading.Thread(target=_die_with_the_bot, args=(lifeline,), daemon=True).start()
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except KaidanError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)


def _die_with_the_bot(lifeline: int) -> None:
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    lifeline, seconds, module = sys.argv[1:4]
    del sys.argv[1:4]
    run(int(lifeline), float(seconds), module)
