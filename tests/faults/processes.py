"""Fresh processes with their imports done, so that dozens of them take seconds."""

import multiprocessing
import os
from multiprocessing.process import BaseProcess
from pathlib import Path

import mlflow
import pytest

from tests.faults import victims

ROOT = Path(__file__).resolve().parents[2]


class Crowd:
    """Starts processes that move versions in the test's store."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.faults.victims"])

    def start(self, *arguments: object, **options: object) -> BaseProcess:
        environment = {k: v for k, v in os.environ.items() if k.startswith("MLFLOW_")}
        process = self._context.Process(
            target=victims.move,
            args=(mlflow.get_tracking_uri(), environment, *arguments),
            kwargs=options,
        )
        process.start()
        return process

    def wait(self, process: BaseProcess) -> int:
        """Exit code; that of a signal is negative."""
        process.join()
        return process.exitcode

    def run(self, *arguments: object, **options: object) -> int:
        return self.wait(self.start(*arguments, **options))


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> Crowd:
    # The server of forks finds the modules to import by this alone.
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return Crowd()
