"""kill -9 and power cuts: what was written is whole, once, and goes with its state."""

import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from kaidan.bot.journal import Journal
from kaidan.market.bar import ONE_BAR
from tests.bot.journal.kit import IDENTITY, START, after, decided

ROOT = Path(__file__).resolve().parents[3]
N_KILLS = 20
N_CUTS = 40


def start(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.bot.journal.victim", str(path)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def whole(path: Path) -> int:
    """How many bars a journal has: each once, in order, the state that of the last."""
    with Journal.open(path, identity=IDENTITY) as journal:
        entries = list(journal.entries())
        last = len(entries) - 1
        assert entries == [decided(n) for n in range(len(entries))]
        assert journal.state() == (after(last) if entries else None)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return len(entries)


def test_a_bot_that_is_killed_20_times_loses_and_doubles_nothing(path: Path) -> None:
    chance = random.Random(20)
    for _ in range(N_KILLS):
        bot = start(path)
        told = -1
        for _ in range(chance.randint(1, 40)):
            told = int(bot.stdout.readline())
        time.sleep(chance.uniform(0.0, 0.002))
        bot.kill()
        rest = bot.stdout.read().split("\n")[:-1]
        bot.wait()
        bot.stdout.close()
        told = int(rest[-1]) if rest else told
        # The last one may have been written and not told any more.
        assert whole(path) - 1 in (told, told + 1)


def test_a_power_cut_that_tears_the_log_anywhere_costs_the_last_bars_only(
    path: Path, tmp_path: Path
) -> None:
    """What a disk may hold then: the file of the last checkpoint, and any part of the log."""
    with Journal.open(path, identity=IDENTITY) as journal:
        for n in range(30):
            journal.write(decided(n), after(n))
            if n == 9:
                journal._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        file = path.read_bytes()
        log = path.with_name(path.name + "-wal").read_bytes()
    chance = random.Random(30)
    found = set()
    for cut in range(N_CUTS):
        torn = tmp_path / f"{cut}.sqlite"
        torn.write_bytes(file)
        torn.with_name(torn.name + "-wal").write_bytes(log[: chance.randint(0, len(log))])
        n_bars = whole(torn)
        assert 10 <= n_bars <= 30
        found.add(n_bars)
        with Journal.open(torn, identity=IDENTITY) as journal:
            assert journal.last_bar() == START + (n_bars - 1) * ONE_BAR
            journal.write(decided(n_bars), after(n_bars))
    assert len(found) > N_CUTS / 4
