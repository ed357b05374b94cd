"""kill -9 at random moments of `kaidan retrain`, each followed by one that nobody kills.

Run: `python benchmarks/retrain_kills.py [--kills 50]`. Real processes; each kill begins on the same
store, in which a release is live, and falls anywhere from start to end. Then what is live, staged
and registered is compared, by content, with what an undisturbed retraining leaves. Prints one JSON
object. Wanted: no difference, no failed second run, nothing left open.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import chdir
from pathlib import Path
from typing import Any

import mlflow
from quick_settings import write_config

from kaidan.features.contract import LEVELS
from kaidan.registry import journal
from kaidan.registry.store import version_with_alias, versions_of

SEED, DAYS = 7, 20
State = dict[str, Any]


def kaidan(*arguments: str, kill_after: float | None = None) -> tuple[int, str, str]:
    """Exit code, output and last words of a command in a process of its own."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "kaidan", *arguments, "--json"], stdout=out, stderr=log
        )
        try:
            process.wait(kill_after)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        out.seek(0)
        log.seek(0)
        return process.returncode, out.read().decode(), log.read().decode()[-500:]


def content() -> State:
    """What the store holds, without the numbers that a kill may change."""
    found: State = {}
    for level in LEVELS:
        versions = versions_of(level)
        named = {alias: version_with_alias(level, alias) for alias in ("production", "previous")}
        found[f"level {level}"] = {
            "aliases": {a: v.tag("model_sha256") for a, v in named.items() if v is not None},
            "versions": sorted(
                (v.tag("model_sha256"), v.stage, v.tag("verdict"), v.tags.get("retraining", ""))
                for v in versions
            ),
        }
    found["open records"] = sum(record.state.is_open for record in journal.newest_first())
    running = mlflow.search_runs(
        search_all_experiments=True, filter_string="attributes.status = 'RUNNING'"
    )
    found["open runs"] = len(running)
    return found


class Ground:
    """A store that is put back to where one release is live."""

    def __init__(self, folder: Path) -> None:
        self.database, self.kept = folder / "mlflow.db", folder / "kept.db"
        config = write_config(folder / "config")
        self.options = ("--days", str(DAYS), "--config", str(config))
        code, _, said = kaidan("train", "--level", "all", *self.options, "--seed", "43")
        if code:
            sys.exit(f"the first release could not be trained: exit {code}: {said}")
        shutil.copy(self.database, self.kept)

    def put_back(self) -> None:
        shutil.copy(self.kept, self.database)
        for left in self.database.parent.glob("mlflow.db-*"):
            left.unlink()

    def retrain(self, kill_after: float | None = None) -> tuple[int, str, str]:
        return kaidan("retrain", *self.options, kill_after=kill_after)


def torment(ground: Ground, kills: int) -> State:
    rng = random.Random(SEED)
    began = time.perf_counter()
    code, _, said = ground.retrain()
    if code:
        sys.exit(f"the undisturbed retraining failed: exit {code}: {said}")
    whole = time.perf_counter() - began
    wanted = content()
    ends: Counter[str] = Counter()
    went_on: Counter[str] = Counter()
    faults: list[str] = []
    for number in range(kills):
        ground.put_back()
        code, _, _ = ground.retrain(kill_after=rng.uniform(0, whole))
        ends["killed" if code == -signal.SIGKILL else f"over before, exit {code}"] += 1
        after, out, said = ground.retrain()
        if after:
            faults.append(f"{number}: the next run: exit {after}: {said}")
        else:
            did = json.loads(out)["did"].split()
            went_on["go on with level" if did[0] == "go" else did[0].strip(",")] += 1
        found = content()
        faults += [
            f"{number}: {part} is {found[part]}, wanted {wanted[part]}"
            for part in wanted
            if found[part] != wanted[part]
        ]
        sys.stderr.write(f"{number}: {dict(ends)} {dict(went_on)}; {len(faults)} faults\n")
    return {
        "kills": kills,
        "how": "a delay drawn anew for each, between 0 and what an undisturbed one takes",
        "undisturbed_seconds": round(whole, 1),
        "ends": dict(ends),
        "the_next_run_began_with": dict(went_on),
        "wanted": wanted,
        "faults": faults[:20],
        "n_faults": len(faults),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, chdir(folder):
        os.environ |= {
            "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "KAIDAN_HOME": f"{folder}/home",
        }
        print(json.dumps(torment(Ground(Path(folder)), given.kills), indent=2))


if __name__ == "__main__":
    main()
