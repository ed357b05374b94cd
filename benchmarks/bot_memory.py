"""What a bot weighs, how soon it decides, and whether it grows: a real `kaidan bot --cached`.

Run: `python benchmarks/bot_memory.py [--ticks 100000] [--no-shadow --home HOME --data FILE ...]`.
Some starts with `--once` are timed from before the process exists until the first decision is
made; one more tells what was imported. Then `--ticks` bars are replayed (default: a simulated
market of as many) while Linux is asked for the bot's memory. Prints one JSON object; MB are 2**20
bytes, resident, and what a process shares with others is counted in full; a replay also holds all
its bars, 48 bytes each.
"""

import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from bot_home import Ground, ground, parser, shadowed

from kaidan.artifact.runtime import GRAPH
from kaidan.bot.journal.failure import JournalError
from kaidan.bot.journal.reader import read_journal
from kaidan.market.bar import BAR_SECONDS, BARS_PER_DAY
from kaidan.market.sample import sample_bars, sample_macro
from kaidan.serving.cache import ModelCache
from kaidan.settings import load_settings

EVERY, LOOK_S = 5_000, 0.05
SETTLED_TICKS = 25_000  # the summary keeps the times of the last 20,000
UNWANTED = {
    *("pandas", "pyarrow", "pandera", "talib", "scipy", "sklearn", "lightgbm", "xgboost"),
    *("imblearn", "optuna", "mlflow", "ccxt", "apprise", "matplotlib"),
}
# As the `kaidan` command does, with a word of when.
TIMED = (
    "import sys, time; a = time.time(); from kaidan.cli import main; "
    "sys.stderr.write(f'began {a} {time.time()}\\n'); main()"
)


def longer_sample(folder: Path, n_bars: int) -> tuple[str, str]:
    """A simulated market of its own: the embedded one is shorter."""
    days = -(-n_bars // BARS_PER_DAY) + 1
    sample_bars(days).reset_index().to_parquet(folder / "bars.parquet")
    sample_macro(days).reset_index().to_csv(folder / "macro.csv", index=False)
    return str(folder / "bars.parquet"), str(folder / "macro.csv")


def memory_of(pid: int) -> dict[str, float]:
    """MB by what Linux calls it; empty when the process is gone."""
    lines: list[str] = []
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    wanted = ("VmRSS", "VmHWM", "RssAnon")
    fields = (line.split() for line in lines if line.startswith(wanted))
    return {name.rstrip(":"): int(kb) / 1024 for name, kb, _ in fields}


def resident_mb(pid: int) -> float:
    return memory_of(pid).get("VmRSS", 0.0)


def children(pid: int) -> Iterator[int]:
    """Processes below `pid`, near and far."""
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text(encoding="utf-8").split():
                yield int(child)
                yield from children(int(child))


def models(made: Ground) -> dict[str, Any]:
    """What the bot opens."""
    cache = ModelCache(made.home)
    said = cache.index().values()
    opened = {one.model_sha256 for level in said for one in (level.live, level.shadow) if one}
    return {
        "opened": len(opened),
        "in_the_shadow": sum(level.shadow is not None for level in said),
        "graph_mb": round(
            sum((cache.bundle(one) / GRAPH).stat().st_size for one in opened) / 2**20, 2
        ),
    }


def first_decision(made: Ground) -> dict[str, float]:
    """Seconds from the start of a process to each of its first steps."""
    with tempfile.TemporaryFile() as log:
        spawned = time.time()
        process = made.start("--once", "--restart", python=("-c", TIMED), stderr=log)
        process.communicate()
        ended = time.time()
        log.seek(0)
        said = log.read().decode()
    if process.returncode:
        sys.exit(f"kaidan bot: exit {process.returncode}\n{said}")
    began = next(line for line in said.splitlines() if line.startswith("began")).split()
    with read_journal(made.journal) as journal:
        ready = next(note.at.timestamp() for note in journal.notes() if note.kind == "begin")
        (entry,) = journal.entries()
    return {
        "python_began": float(began[1]) - spawned,
        "main_called": float(began[2]) - spawned,
        "ready_for_bars": ready - spawned,
        "first_decision": entry.decided_at.timestamp() - spawned,
        "ended": ended - spawned,
    }


def imported(made: Ground) -> set[str]:
    """Packages that a bot has imported by its first decision."""
    with tempfile.TemporaryFile() as log:
        process = made.start(
            *("--once", "--restart"), python=("-X", "importtime", "-m", "kaidan"), stderr=log
        )
        process.communicate()
        log.seek(0)
        lines = log.read().decode().splitlines()
    return {
        line.rpartition("|")[2].strip().partition(".")[0]
        for line in lines
        if line.startswith("import time:")
    }


class Onlooker(threading.Thread):
    """Asks for the memory of the errands while a bot starts."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.over, self.largest_mb, self.together_mb = pid, threading.Event(), 0.0, 0.0

    def run(self) -> None:
        while not self.over.wait(LOOK_S):
            errands = [resident_mb(pid) for pid in set(children(self.pid))]
            self.largest_mb = max(self.largest_mb, *errands, 0.0)
            self.together_mb = max(self.together_mb, resident_mb(self.pid) + sum(errands))


def ticks_so_far(made: Ground) -> int:
    with suppress(JournalError), read_journal(made.journal) as journal:
        first = next(journal.entries(), None)
        last = journal.last_bar()
        if first is not None and last is not None:
            return int((last - first.bar.time).total_seconds()) // BAR_SECONDS + 1
    return 0


def watched(made: Ground) -> dict[str, Any]:
    """Memory of one bot from its first decision to its last."""
    looks: list[tuple[int, dict[str, float]]] = []
    with tempfile.TemporaryFile() as log:
        made.journal.unlink(missing_ok=True)
        process = made.start(stderr=log)
        onlooker = Onlooker(process.pid)
        onlooker.start()
        while process.poll() is None:
            ticks, memory = ticks_so_far(made), memory_of(process.pid)
            if ticks and "VmRSS" in memory:
                looks.append((ticks, memory))
            time.sleep(LOOK_S)
        onlooker.over.set()
        said = json.loads(process.stdout.read())
    n = np.array([ticks for ticks, _ in looks])
    every = range(EVERY, int(n[-1]) + 1, EVERY)
    chosen = [looks[0], *(looks[int(np.searchsorted(n, one))] for one in every)]
    after = n >= SETTLED_TICKS

    def bytes_per_tick(name: str) -> float:
        mb = np.array([memory[name] for _, memory in looks])
        return round(float(np.polyfit(n[after], mb[after], 1)[0]) * 2**20, 1)

    return {
        "ticks": said["n_decided"],
        "answered_by": said["answered_by"],
        "after_the_first_decision_mb": round(looks[0][1]["VmRSS"], 1),
        "by_tick_mb": {ticks: round(memory["VmRSS"], 2) for ticks, memory in chosen},
        "by_tick_anonymous_mb": {ticks: round(memory["RssAnon"], 2) for ticks, memory in chosen},
        "last_mb": round(looks[-1][1]["VmRSS"], 1),
        "peak_mb": round(looks[-1][1]["VmHWM"], 1),
        "bytes_per_tick": bytes_per_tick("VmRSS"),
        "bytes_per_tick_anonymous": bytes_per_tick("RssAnon"),
        "errands": {
            "largest_mb": round(onlooker.largest_mb, 1),
            "with_the_bot_mb": round(onlooker.together_mb, 1),
        },
    }


def measure(made: Ground, n_ticks: int, n_starts: int) -> dict[str, Any]:
    starts = [first_decision(made) for _ in range(n_starts)]
    unwanted = sorted(imported(made) & UNWANTED)
    with tempfile.TemporaryDirectory() as folder:
        long = made
        if made.data == "sample":
            n_bars = n_ticks + load_settings().levels.warmup_bars
            data, macro = longer_sample(Path(folder), n_bars)
            long = replace(made, data=data, macro=macro)
        found = watched(long)
    return {
        "data": made.data,
        "macro": made.macro,
        "models": models(made),
        "starts": n_starts,
        "seconds_until": {
            step: {
                "best": round(min(one[step] for one in starts), 3),
                "median": round(float(np.median([one[step] for one in starts])), 3),
            }
            for step in starts[0]
        },
        "unwanted_imports": unwanted,
        **found,
    }


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--ticks", type=int, default=100_000, help="of the simulated market")
    arguments.add_argument("--starts", type=int, default=7)
    arguments.add_argument("--no-shadow", action="store_true", help="open what is live only")
    given = arguments.parse_args()
    with ground(given) as made:
        os.environ["KAIDAN_HOME"] = str(made.home)
        if given.no_shadow:
            cache = ModelCache(made.home)
            cache.write(shadowed(cache.index(), wanted=False))
        print(json.dumps(measure(made, given.ticks, given.starts), indent=2))


if __name__ == "__main__":
    main()
