"""kill -9 at random moments of promote, rollback and train, while two readers look on.

Run: `python benchmarks/kills.py [--kills 200]`; on a server (see docs/server.md) with its
MLFLOW_TRACKING_URI set, else on a new sqlite file. Prints one JSON object. Wanted: no read without
exactly one loadable Production version per level, no lost version, each next command succeeds.
"""

import argparse
import json
import logging
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
import warnings
from contextlib import chdir, redirect_stderr, redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import Any

import mlflow
from quick_settings import write_config

from kaidan.artifact.runtime import Runtime, RuntimeRefusal
from kaidan.cli import main as kaidan
from kaidan.errors import KaidanError
from kaidan.features.contract import LEVELS
from kaidan.registry import journal
from kaidan.registry.promotion import promote_all
from kaidan.registry.rollback import rollback
from kaidan.registry.store import fetch_bundle, get_version, live_version, model_name, versions_of
from kaidan.settings import load_settings

SEED, DAYS, N_READERS = 7, 40, 2


def arrive(uri: str) -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    mlflow.set_tracking_uri(uri)


def train(level: str, config: Path) -> int:
    """The exit code of `kaidan train`."""
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()) as said:
        try:
            kaidan(["train", "--level", level, "--days", str(DAYS), "--config", str(config)])
        except SystemExit as done:
            if done.code:
                sys.__stderr__.write(said.getvalue())
            return int(done.code or 0)
    return 0


def act(uri: str, config: Path, what: str, versions: dict[int, int], ready: Any) -> None:
    """One command in a process of its own; tells when it begins."""
    arrive(uri)
    settings = load_settings(config)
    ready.send("go")
    try:
        if what == "train":
            raise SystemExit(train("3", config))
        if what == "rollback":
            rollback(tuple(versions), settings)
        else:
            promote_all([get_version(level, n) for level, n in versions.items()], settings)
    except KaidanError as error:
        # With nothing beneath it a rollback has nothing to do.
        if what == "rollback" and "replaced no other" in str(error):
            return
        sys.stderr.write(f"{what}: {error}\n")
        raise SystemExit(1) from error


def load(client: mlflow.MlflowClient, level: int) -> None:
    """Open what the stage names and what the alias names: while they are moved, it may be two."""
    (staged,) = client.get_latest_versions(model_name(level), stages=["Production"])
    for number in {int(staged.version), live_version(level).number}:
        version = get_version(level, number)
        with tempfile.TemporaryDirectory() as folder:
            bundle = fetch_bundle(version, Path(folder))
            Runtime.open(bundle, expected_sha256=version.tag("model_sha256"))


def read(uri: str, over: Any, answers: Any) -> None:
    """Look again and again; count what was seen, and keep what must not be seen."""
    arrive(uri)
    client, n_reads, n_loads, faults = mlflow.MlflowClient(), 0, 0, []
    while not over.is_set():
        for level in LEVELS:
            name = model_name(level)
            found = client.search_model_versions(f"name = '{name}'", max_results=1000)
            staged = [one for one in found if one.current_stage == "Production"]
            if len(staged) != 1 or live_version(level) is None:
                faults.append(f"{name}: {len(staged)} in Production")
            n_reads += 1
            if n_reads % 4 == 0:
                try:
                    load(client, level)
                except (KaidanError, RuntimeRefusal, ValueError) as error:
                    faults.append(f"{name}: {error}")
                n_loads += 1
    answers.put((n_reads, n_loads, faults))


def out_of_step() -> list[str]:
    """Where stage, aliases and history disagree, or something is left open."""
    faults = [
        f"record {record.number} is {record.state}"
        for record in list(journal.newest_first())[:20]
        if record.state.is_open
    ]
    for level in LEVELS:
        live, standing = live_version(level), journal.standing(level)
        known = standing.made_live(level).after
        if live is None or live.stage != "Production" or live.number != known:
            faults.append(f"level {level}: {live} is live, the history says {known}")
    return faults


class Stage:
    """Starts commands, and kills some of them."""

    def __init__(self, uri: str, config: Path) -> None:
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(
            ["kaidan.registry.rollback", "kaidan.registry.training_run", "kaidan.commands.train"]
        )
        self.uri, self.config = uri, config

    def run(
        self, what: str, versions: dict[int, int], kill_after: float | None
    ) -> tuple[int, float]:
        ours, theirs = self.context.Pipe(duplex=False)
        process = self.context.Process(
            target=act, args=(self.uri, self.config, what, versions, theirs)
        )
        process.start()
        theirs.close()
        ours.recv()
        began = time.perf_counter()
        if kill_after is not None:
            process.join(kill_after)
            with suppress(ProcessLookupError):  # it was quicker
                os.kill(process.pid, signal.SIGKILL)
        process.join()
        return process.exitcode, time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--train-share", type=float, default=0.1)
    given = parser.parse_args()
    rng = random.Random(SEED)
    # As the command line does: MLflow's telemetry now and then breaks a request to a server.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        uri = os.environ.get("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        config = write_config(Path(folder) / "config")
        os.environ["KAIDAN_HOME"] = f"{folder}/home"
        arrive(uri)
        if train("all", config):
            sys.exit("the first release could not be trained")
        for level in LEVELS:
            for _ in range(2):
                mlflow.register_model(
                    mlflow.MlflowClient().get_model_version(model_name(level), "1").source,
                    model_name(level),
                    tags=get_version(level, 1).tags,
                )
        result = torment(Stage(uri, config), given.kills, given.train_share, rng)
    print(json.dumps({"store": uri.split(":")[0], "kills": given.kills} | result, indent=2))


def torment(stage: Stage, kills: int, train_share: float, rng: random.Random) -> dict[str, Any]:
    numbers = {level: [v.number for v in versions_of(level)] for level in LEVELS}
    release = {level: max(found) for level, found in numbers.items()}
    needs = {
        what: stage.run(what, {3: 1} if what == "train" else release, None)[1]
        for what in ("promote", "rollback", "train")
    }
    over, answers = stage.context.Event(), stage.context.Queue()
    readers = [
        stage.context.Process(target=read, args=(stage.uri, over, answers))
        for _ in range(N_READERS)
    ]
    for reader in readers:
        reader.start()
    before = {level: {v.number for v in versions_of(level)} for level in LEVELS}
    ends: dict[str, int] = {}
    faults: list[str] = []
    for number in range(kills):
        what = "train" if rng.random() < train_share else rng.choice(["promote", "rollback"])
        levels = rng.choice([LEVELS, (rng.choice(LEVELS),)])
        chosen = {level: rng.choice(numbers[level]) for level in levels}
        code, _ = stage.run(what, chosen, rng.uniform(0, 1.1 * needs[what]))
        level = rng.choice(LEVELS)
        next_one = "rollback" if rng.random() < 0.3 else "promote"
        after, _ = stage.run(next_one, {level: rng.choice(numbers[level])}, None)
        end = "killed" if code == -signal.SIGKILL else f"over before, exit {code}"
        ends[f"{what}, {end}"] = ends.get(f"{what}, {end}", 0) + 1
        if after != 0:
            faults.append(f"{number}: {next_one} after a killed {what}: exit {after}")
        faults += [f"{number}: {fault}" for fault in out_of_step()]
        if sys.stderr.isatty() or number % 20 == 0:
            sys.stderr.write(f"{number}: {what} {end}; {len(faults)} faults\n")
    over.set()
    seen = [answers.get() for _ in readers]
    for reader in readers:
        reader.join()
    lost = {
        level: sorted(before[level] - {v.number for v in versions_of(level)}) for level in LEVELS
    }
    states: dict[str, int] = {}
    for record in journal.newest_first():
        states[record.state] = states.get(record.state, 0) + 1
    return {
        "how": f"{N_READERS} readers; a delay drawn anew for each kill, up to 1.1 x the command",
        "commands_s": {what: round(seconds, 3) for what, seconds in needs.items()},
        "ends": ends,
        "records": states,
        "reads": sum(n for n, _, _ in seen),
        "loads": sum(n for _, n, _ in seen),
        "reads_without_exactly_one": sum(len(found) for _, _, found in seen),
        "lost_versions": sum(len(found) for found in lost.values()),
        "faults": faults + [fault for _, _, found in seen for fault in found][:20],
    }


if __name__ == "__main__":
    main()
