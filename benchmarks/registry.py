"""What the registry's commands cost with 10 versions a level, and with 1,000.

Run: `python benchmarks/registry.py`. Prints one JSON object; times are medians in seconds of whole
commands in one process, after imports, on sqlite. Both registries are measured in turn.
"""

import json
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import mlflow
import numpy as np
from quick_settings import write_config

from kaidan.cli import main as kaidan
from kaidan.features.contract import LEVELS
from kaidan.registry.store import live_version, model_name

SIZES, REPEATS, DAYS = (10, 1_000), 9, 40
HISTORY, RECORD = "kaidan_history", "record"
ASKED_FOR = {
    "status": ("status",),
    "history": ("history", "--level", "2"),
    "doctor": ("doctor",),
}


@contextmanager
def silence() -> Iterator[StringIO]:
    said = StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        yield said


def run(*arguments: str, codes: tuple[int, ...] = (0,)) -> None:
    with silence() as said:
        try:
            kaidan(list(arguments))
        except SystemExit as done:
            code = done.code
    if code not in codes:
        sys.exit(f"kaidan {' '.join(arguments)}: exit {code}\n{said.getvalue()}")


def register_twin(level: int) -> str:
    """The model of version 1 once more, not judged yet."""
    name = model_name(level)
    found = mlflow.MlflowClient().get_model_version(name, "1")
    tags = {k: v for k, v in found.tags.items() if k not in ("promoted_at", "verdict")}
    with silence():
        return str(mlflow.register_model(found.source, name, tags=tags).version)


def fill(database: Path, size: int) -> None:
    """Write promotions as kaidan wrote the second one of each level, until there are `size`."""
    with closing(sqlite3.connect(database)) as store, store:
        first = {
            number: json.loads(text)
            for number, text in store.execute(
                "select version, value from model_version_tags where name = ? and key = ?",
                (HISTORY, RECORD),
            )
        }
        template = {
            record["levels"][0]: number
            for number, record in first.items()
            if len(record["levels"]) == 1
        }
        newest, standing = max(first), dict(template)
        for version in range(3, size + 1):
            for level in LEVELS:
                newest += 1
                copy(store, model_name(level), 2, version)
                copy(store, HISTORY, template[level], newest)
                record = json.loads(json.dumps(first[template[level]]))
                record["moves"][0] |= {
                    "before": version - 1,
                    "after": version,
                    "candidate": version,
                    "previous": version - 1,
                    "beneath": standing[level],
                }
                record["owner"]["token"] = f"{newest:032x}"
                standing[level] = newest
                store.execute(
                    "update model_version_tags set value = ? "
                    "where name = ? and version = ? and key = ?",
                    (json.dumps(record, sort_keys=True), HISTORY, newest, RECORD),
                )
        for name in map(model_name, LEVELS):
            store.execute(
                "update model_versions set current_stage = iif(version = ?, ?, ?) where name = ?",
                (size, "Production", "Archived", name),
            )
            for alias, version in (("production", size), ("previous", size - 1)):
                store.execute(
                    "update registered_model_aliases set version = ? where name = ? and alias = ?",
                    (version, name, alias),
                )


def copy(store: sqlite3.Connection, name: str, source: int, target: int) -> None:
    for table in ("model_versions", "model_version_tags"):
        columns = [row[1] for row in store.execute(f"pragma table_info({table})")]
        values = ", ".join("?" if column == "version" else column for column in columns)
        store.execute(
            f"insert into {table} ({', '.join(columns)}) "
            f"select {values} from {table} where name = ? and version = ?",
            (target, name, source),
        )


def use(database: Path) -> None:
    mlflow.set_tracking_uri(f"sqlite:///{database}")


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def measure(candidate: str, config: Path) -> dict[str, float]:
    one = ("--level", "3", "--config", str(config))
    # A doctor that finds something says so with 1; it looked all the same.
    timed = {
        what: seconds(lambda arguments=arguments: run(*arguments, codes=(0, 1)))
        for what, arguments in ASKED_FOR.items()
    }
    return timed | {
        "live_version": seconds(lambda: live_version(3)),
        "promote": seconds(lambda: run("promote", "--version", candidate, *one)),
        "rollback": seconds(lambda: run("rollback", *one)),
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chdir(folder)
        os.environ["KAIDAN_HOME"] = str(folder / "home")
        config = write_config(folder / "config")
        first = folder / "first.db"
        use(first)
        run("train", "--level", "all", "--days", str(DAYS), "--config", str(config))
        for level in LEVELS:
            twin = ("--level", str(level), "--version", register_twin(level))
            run("promote", *twin, "--config", str(config))
        stores, candidates = {}, {}
        for size in SIZES:
            stores[size] = Path(shutil.copy(first, folder / f"{size}.db"))
            fill(stores[size], size)
            use(stores[size])
            candidates[size] = register_twin(3)
            measure(candidates[size], config)  # opens the store, and imports what is left
        times: dict[int, list[dict[str, float]]] = {size: [] for size in SIZES}
        for _ in range(REPEATS):
            for size in SIZES:
                use(stores[size])
                times[size].append(measure(candidates[size], config))
        os.chdir("/")
    few, many = (
        {what: float(np.median([one[what] for one in times[size]])) for what in times[size][0]}
        for size in SIZES
    )
    report = {
        "versions_per_level": list(SIZES),
        "repeats": REPEATS,
        "median_seconds": {what: [round(few[what], 4), round(many[what], 4)] for what in few},
        "ratio": {what: round(many[what] / few[what], 2) for what in few},
        "mlflow": mlflow.__version__,
    }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
