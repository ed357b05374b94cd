"""Hot reload under load: answers while versions are promoted, rolled back and brought in.

Run: `python benchmarks/reload.py [--ticks 10000]`. A real registry on a new sqlite file; one thread
answers rows of the sample, one moves versions with `kaidan promote` and `rollback`, one pulls and
refreshes. Prints one JSON object. Wanted: no failed prediction, no answer that is not, number for
number, what the version that it names says of that row.
"""

import argparse
import itertools
import json
import os
import random
import sys
import tempfile
import threading
import time
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
from quick_settings import write_config

from kaidan.artifact.runtime import Runtime
from kaidan.cli import main as kaidan
from kaidan.errors import KaidanError
from kaidan.features.contract import LEVELS
from kaidan.features.manager import FeatureManager
from kaidan.market.sample import sample_bars, sample_macro
from kaidan.registry.promotion import promote_all
from kaidan.registry.rollback import rollback
from kaidan.registry.store import fetch_bundle, get_version, live_version
from kaidan.serving.ladder import Ladder
from kaidan.serving.live_ladder import LiveAnswer, LiveLadder
from kaidan.serving.pull import pull
from kaidan.settings import Settings, load_settings

SEEDS, DAYS, N_ROWS = (42, 43, 44), 40, 500
PAUSE_S, OUT_SHARE = 0.01, 0.1


def train(seed: int, config: Path) -> None:
    """A release; models of another seed answer otherwise."""
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()) as said:
        try:
            days = ("--days", str(DAYS))
            kaidan(["train", *days, "--seed", str(seed), "--config", str(config), "--level=all"])
        except SystemExit as done:
            if done.code:
                sys.exit(f"train: exit {done.code}\n{said.getvalue()}")


def models(numbers: range) -> dict[tuple[int, int], Runtime]:
    """Each version of each level, straight from the registry."""
    found = {}
    for level, number in itertools.product(LEVELS, numbers):
        version = get_version(level, number)
        with tempfile.TemporaryDirectory() as folder:
            bundle = fetch_bundle(version, Path(folder))
            found[level, number] = Runtime.open(bundle, expected_sha256=version.tag("model_sha256"))
    return found


def sample_rows(settings: Settings) -> list[dict[str, float]]:
    bars = sample_bars().iloc[-settings.levels.warmup_bars - N_ROWS :]
    features = FeatureManager(settings).generate_features(bars, macro=sample_macro())
    return features.to_dict("records")


class Mover(threading.Thread):
    """Promotes and rolls back, one level or all of them, until told to stop."""

    def __init__(self, settings: Settings, numbers: range) -> None:
        super().__init__(daemon=True)
        self.settings, self.numbers, self.over = settings, numbers, threading.Event()
        self.moves: dict[str, int] = {}
        self.faults: list[str] = []

    def run(self) -> None:
        rng = random.Random(7)
        while not self.over.is_set():
            levels = rng.choice([LEVELS, (rng.choice(LEVELS),)])
            what = rng.choice(["promote", "promote", "rollback"])
            try:
                if what == "promote":
                    chosen = [get_version(level, rng.choice(self.numbers)) for level in levels]
                    promote_all(chosen, self.settings)
                else:
                    rollback(levels, self.settings)
            except KaidanError as error:
                # With nothing beneath it a rollback has nothing to do.
                if what == "promote" or "replaced no other" not in str(error):
                    self.faults.append(f"{what}: {error}")
                continue
            self.moves[what] = self.moves.get(what, 0) + 1


class Refresher(threading.Thread):
    """Brings what is live into the cache, and from there to the ladder, until told to stop."""

    def __init__(self, settings: Settings, live: LiveLadder) -> None:
        super().__init__(daemon=True)
        self.settings, self.live, self.over = settings, live, threading.Event()
        self.swaps = self.refreshes = 0
        self.seconds: list[float] = []
        self.faults: list[str] = []

    def run(self) -> None:
        while not self.over.is_set():
            pulled = pull(self.settings)
            began = time.perf_counter()
            done = self.live.refresh()
            self.seconds.append(time.perf_counter() - began)
            self.refreshes += 1
            self.swaps += len(done.swapped)
            self.faults += [*pulled.failed.values(), *done.failed.values()]


def wrong(answer: LiveAnswer, row: dict[str, float], known: dict[tuple[int, int], Runtime]) -> str:
    """How an answer differs from what the versions that it names say; empty if it does not."""
    if answer.prediction.level is None or answer.version is None:
        return f"nobody answered: {answer.prediction}"
    said = [(answer.prediction.level, answer.version, answer.prediction.probabilities)]
    for one in answer.shadow:
        if isinstance(one.said, str) or one.version is None:
            return f"the shadow did not answer: {one}"
        said.append((one.level, one.version, one.said.probabilities))
    for level, number, probabilities in said:
        runtime = known[level, number]
        expected = runtime.predict([[row[name] for name in runtime.features]])[0]
        if tuple(expected.tolist()) != tuple(probabilities):
            return f"level {level} version {number} said {probabilities}, says {expected}"
    if answer.model_sha256 != known[answer.prediction.level, answer.version].model_sha256:
        return f"version {answer.version} is not model {answer.model_sha256}"
    return ""


def measure(ticks: int, config: Path) -> dict[str, Any]:
    settings = load_settings(config)
    for seed in SEEDS:
        train(seed, config)
    numbers = range(1, len(SEEDS) + 1)
    known, rows = models(numbers), sample_rows(settings)
    answers = {
        (level, number): known[level, number].predict(
            [[row[name] for name in known[level, number].features] for row in rows]
        )
        for level, number in known
    }
    alike = sum(
        bool((answers[level, a] == answers[level, b]).all())
        for level in LEVELS
        for a, b in itertools.combinations(numbers, 2)
    )
    pull(settings)
    live = LiveLadder(
        Ladder.from_cache(settings), climb_after_bars=settings.bot.ladder.climb_after_bars
    )
    mover, refresher = Mover(settings, numbers), Refresher(settings, live)
    mover.start()
    refresher.start()
    rng = random.Random(11)
    failed, faults, seen, took = 0, [], {}, []
    for tick in range(ticks):
        row = rows[tick % len(rows)]
        # Level 2 has its turn: then, and while level 1 waits.
        spoilt = row | ({"usd_jpy": np.nan} if rng.random() < OUT_SHARE else {})
        began = time.perf_counter()
        try:
            answer = live.predict(spoilt)
        except Exception as error:  # noqa: BLE001 - any at all is a failed prediction
            failed += 1
            faults.append(repr(error))
            continue
        took.append(time.perf_counter() - began)
        if fault := wrong(answer, spoilt, known):
            faults.append(fault)
        who = f"level {answer.prediction.level} version {answer.version}"
        seen[who] = seen.get(who, 0) + 1
        time.sleep(PAUSE_S)
    for thread in (mover, refresher):
        thread.over.set()
    for thread in (mover, refresher):
        thread.join()
    pull(settings)
    live.refresh()
    now = {level: live_version(level) for level in LEVELS}
    return {
        "ticks": ticks,
        "failed_predictions": failed,
        "mixed_answers": len(faults) - failed,
        "answers_by_version": dict(sorted(seen.items())),
        "pairs_of_versions_that_answer_alike": alike,
        "moves": mover.moves,
        "refreshes": refresher.refreshes,
        "swaps": refresher.swaps,
        "refresh_p50_ms": round(1e3 * float(np.median(refresher.seconds)), 2),
        "predict_p50_us": round(1e6 * float(np.median(took)), 1),
        "predict_p99_us": round(1e6 * float(np.quantile(took, 0.99)), 1),
        "in_step_at_the_end": all(
            live.steps.live[level].version == version.number for level, version in now.items()
        ),
        "faults": (faults + mover.faults + refresher.faults)[:20],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ticks", type=int, default=10_000)
    given = parser.parse_args()
    # As the command line does: MLflow's telemetry now and then breaks a request to a server.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        os.environ["KAIDAN_HOME"] = f"{folder}/home"
        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        result = measure(given.ticks, write_config(Path(folder) / "config"))
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
