"""kill -9 at random moments of a replay as a user runs it, and a restart after each.

Run: `python benchmarks/bot_kills.py [--kills 100]`. Real `kaidan bot` processes share one journal:
half of the kills fall into the start, half somewhere into the bars. Then the journal is compared
with that of a bot that nobody killed. Prints one JSON object. Wanted: no bar twice, missing or
decided otherwise, no position lost, and every restart goes on.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime
from typing import Any

from bot_home import Ground, ground, parser
from decisions import compare, from_journal

from kaidan.bot.journal import Entry
from kaidan.bot.journal.reader import read_journal
from kaidan.trading.policy import Side

SEED = 7


def life(made: Ground, kill_after: float | None) -> tuple[int, str]:
    """One bot, killed after so many seconds if it still lives: its exit code and last words."""
    with tempfile.TemporaryFile() as log:
        process = made.start(stderr=log)
        try:
            process.communicate(timeout=kill_after)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        log.seek(0)
        return process.returncode, log.read().decode()[-500:]


def undisturbed(made: Ground) -> tuple[list[Entry], float, float]:
    """Its journal, and the seconds until its first decision and until its end."""
    began = time.time()
    code, said = life(made, None)
    ended = time.time()
    if code:
        sys.exit(f"kaidan bot: exit {code}\n{said}")
    with read_journal(made.journal) as journal:
        entries = list(journal.entries())
    made.journal.rename(made.journal.with_name("undisturbed.sqlite"))
    return entries, entries[0].decided_at.timestamp() - began, ended - began


def last_bar(made: Ground) -> tuple[datetime | None, bool]:
    """The newest bar of the journal as a kill left it, and whether a position was held then."""
    if not made.journal.exists():
        return None, False
    with read_journal(made.journal) as journal:
        entries = list(journal.entries(last=1))
    if not entries:
        return None, False
    return entries[0].bar.time, entries[0].side is not Side.FLAT


def torment(made: Ground, kills: int) -> dict[str, Any]:
    rng = random.Random(SEED)
    entries, start, whole = undisturbed(made)
    # Of the bars' time, for each kill that falls into it, so that bars are left for the last one.
    share = 0.8 * (whole - start) / (kills / 2)
    ends: Counter[str] = Counter()
    failed: list[str] = []
    holding = 0
    newest: datetime | None = None
    for number in range(kills):
        early = number % 2 == 0
        code, said = life(
            made, rng.uniform(0, start) if early else start + rng.uniform(0, 2 * share)
        )
        end = {-signal.SIGKILL: "killed", 0: "all bars were decided"}.get(code, f"exit {code}")
        ends[f"{'start' if early else 'bars'}: {end}"] += 1
        if code not in {-signal.SIGKILL, 0}:
            failed.append(f"life {number}: exit {code}: {said}")
        last, held = last_bar(made)
        holding += held and code == -signal.SIGKILL
        if newest is not None and (last is None or last < newest):
            failed.append(f"life {number}: the journal went back from {newest} to {last}")
        newest = last
        if sys.stderr.isatty() or number % 20 == 0:
            sys.stderr.write(f"{number}: {end}, bar {newest}; {len(failed)} faults\n")
    code, said = life(made, None)
    if code:
        failed.append(f"the last life: exit {code}: {said}")
    return {
        "data": made.data,
        "kills": kills,
        "how": "half within the start, half somewhere in the bars",
        "start_seconds": round(start, 2),
        "undisturbed_seconds": round(whole, 2),
        "ends": dict(ends),
        "kills_while_a_position_was_held": holding,
        "failed_restarts": len(failed),
        "faults": failed[:20],
    } | judged(made, entries)


def judged(made: Ground, wanted: list[Entry]) -> dict[str, Any]:
    """The journal of all the lives against that of the one."""
    with read_journal(made.journal) as journal:
        entries = list(journal.entries())
        lives = sum(note.kind == "begin" for note in journal.notes())
    times = Counter(entry.bar.time for entry in entries)
    expected = {entry.bar.time: entry for entry in wanted}
    both = [(one, expected[one.bar.time]) for one in entries if one.bar.time in expected]
    return {
        "lives_that_began": lives,
        "bars_decided_twice": sum(n > 1 for n in times.values()),
        "bars_with_another_position": sum(one.side is not other.side for one, other in both),
        "bars_with_other_fills": sum(len(one.fills) != len(other.fills) for one, other in both),
        "bars_with_features_that_differ_in_a_digit": sum(
            one.features_sha256 != other.features_sha256 for one, other in both
        ),
        "compared": compare(map(from_journal, entries), map(from_journal, wanted)),
    }


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--kills", type=int, default=100)
    given = arguments.parse_args()
    with ground(given) as made:
        os.environ["KAIDAN_HOME"] = str(made.home)
        print(json.dumps(torment(made, given.kills), indent=2))


if __name__ == "__main__":
    main()
