"""A bot that is killed again and again: `python -m tests.faults.bot.lives FILE`, FILE says how.

Each life is a fork of a process that has its imports done. It ends by SIGKILL before or after a
call that chance names; so the points are everywhere, and the same in every run.
"""

import json
import os
import random
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from kaidan.bot import run
from kaidan.bot.journal import journal
from kaidan.bot.plan import Plan
from kaidan.bot.sources import macro_source, replay_source
from kaidan.bot.start import run_bot
from kaidan.settings import Settings, load_settings
from tests.bot.sources.kit import InProcess

_DURING_THE_START = 0.2
_BARS_A_LIFE = 6.0


class Calls:
    """Counts what this thread calls and returns from, and dies of the `fatal` one."""

    def __init__(self, fatal: int | None) -> None:
        self.n = 0
        self._fatal = fatal
        sys.setprofile(self._count)

    def _count(self, _frame: FrameType, _event: str, _what: object) -> None:
        self.n += 1
        if self.n == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)


def ask_outside_once(said: dict[str, Any]) -> None:
    """Let all lives have the same answers of the errands: here it is the bot that dies."""
    options = {"timeout_seconds": 60.0}
    bars = InProcess("kaidan.bot.errands.bars", arguments=["replay", said["bars"]], **options)
    now = ["--now", "0", "--max-age", "1"]
    macro = InProcess("kaidan.bot.errands.macro", arguments=[said["macro"], *now], **options)
    replay_source.Errand = lambda *_, **__: bars
    macro_source.Errand = lambda *_, **__: macro
    run._IDLE_SECONDS = 0.0


def live(said: dict[str, Any], settings: Settings, name: str, fatal: int | None) -> list[int]:
    """Calls until each decision."""
    journal._CHECKPOINT_BYTES = 100_000  # so that some are cut off, too
    plan = Plan(
        source=f"replay:{said['bars']}",
        macro=said["macro"],
        name=name,
        once=False,
        cached=True,
        restart=False,
        serves=False,
        config=Path(said["config"]),
    )
    counts: list[int] = []
    calls = Calls(fatal)
    run_bot(plan, settings, threading.Event(), on_decision=lambda _: counts.append(calls.n))
    sys.setprofile(None)
    return counts


def fork(said: dict[str, Any], settings: Settings, name: str, fatal: int | None) -> dict[str, Any]:
    """Exit code of a life, and how many calls it had until its first and its last decision."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            counts = live(said, settings, name, fatal)
            os.write(writing, json.dumps([counts[0], counts[-1], len(counts)]).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        counts = json.loads(pipe.read() or "null")
    return {"exit": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), "counts": counts}


def main(said: dict[str, Any]) -> None:
    """One life without an end of its own, then the killed ones, then one to the end."""
    settings = load_settings(Path(said["config"]))
    ask_outside_once(said)
    whole = fork(said, settings, "whole", None)
    first, last, n_bars = whole["counts"]
    bar = (last - first) / (n_bars - 1)
    chance = random.Random(said["seed"])
    for _ in range(said["kills"]):
        if chance.random() < _DURING_THE_START:
            fatal = chance.uniform(0, first)
        else:
            fatal = first + chance.uniform(-1, _BARS_A_LIFE) * bar
        print(json.dumps(fork(said, settings, "killed", int(fatal) + 1)), flush=True)  # noqa: T201
    print(json.dumps(fork(said, settings, "killed", None)), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
