"""What the benchmarks of the bot start from: a home with models in its cache, and bars to hear."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from kaidan.serving.cache import Cached

DAYS, SEEDS = 40, (42, 43)  # of the quick releases; the older one is the shadow
JOURNAL = "benchmark"


@dataclass(frozen=True)
class Ground:
    """Where a bot of a benchmark lives, and what it hears.

    Attributes
    ----------
    home : Path
        A folder of its own, to be written into.
    data, macro : str
        As `kaidan bot` takes them: `sample` or a file; `macro` may be empty.
    """

    home: Path
    data: str
    macro: str

    def start(
        self, *options: str, python: tuple[str, ...] = ("-m", "kaidan"), stderr: IO[bytes]
    ) -> subprocess.Popen:
        """The bot in a process of its own, as a user starts it; it answers with JSON."""
        macro = ("--macro", self.macro or "none")
        said = ("--source", f"replay:{self.data}", *macro, "--name", JOURNAL, "--cached", "--json")
        return subprocess.Popen(
            [sys.executable, *python, "bot", *said, *options],
            env=os.environ | {"KAIDAN_HOME": str(self.home)},
            stdout=subprocess.PIPE,
            stderr=stderr,
        )

    @property
    def journal(self) -> Path:
        return self.home / "journal" / f"{JOURNAL}.sqlite"


def parser(description: str) -> argparse.ArgumentParser:
    """With `--home`, `--data` and `--macro`."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument(
        "--home", type=Path, help="its models are used (default: two quick releases are trained)"
    )
    made.add_argument("--data", default="sample", help="bars (default: the sample)")
    made.add_argument(
        "--macro", help="macro series (default: those of the sample, or none with --data)"
    )
    return made


@contextmanager
def ground(given: argparse.Namespace) -> Iterator[Ground]:
    """A home for as long as this is open; that of the user is only read."""
    macro = ("sample" if given.data == "sample" else "") if given.macro is None else given.macro
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        if given.home is None:
            _train(Path(folder), home)
        else:
            shutil.copytree(given.home / "models", home / "models")
        yield Ground(home, given.data, macro)


def shadowed(index: Mapping[int, Cached], *, wanted: bool) -> dict[int, Cached]:
    """The index of a cache with a shadow at every level, or with none.

    Without an older release a version is its own shadow: it is asked twice, and opened once.
    """
    return {
        level: replace(said, shadow=(said.shadow or said.live) if wanted else None)
        for level, said in index.items()
    }


def _train(folder: Path, home: Path) -> None:
    """In processes of their own: what they import is not to be measured."""
    from quick_settings import write_config

    config = write_config(folder / "config")
    env = {
        "KAIDAN_HOME": str(home),
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
        "OMP_WAIT_POLICY": "passive",
    }
    train = ["train", "--level", "all", "--days", str(DAYS)]
    for command in (*([*train, "--seed", str(seed)] for seed in SEEDS), ["pull"]):
        done = subprocess.run(
            [sys.executable, "-m", "kaidan", *command, "--config", str(config)],
            env=os.environ | env,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"kaidan {' '.join(command)}: exit {done.returncode}\n{done.stderr}")
