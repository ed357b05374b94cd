"""The registry of a simulated quarter, filled by the real commands; it can be taken down."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import mlflow
import pandas as pd
from quick_settings import write_config, write_values

from kaidan.cli import main as kaidan_main
from kaidan.settings import load_settings

_NOBODY = "http://127.0.0.1:9"  # the port of `discard`, which nothing serves
_SLIP = 10.0  # +/-0.05 % where +/-0.5 % was meant


@dataclass(frozen=True)
class Done:
    """What a command did."""

    code: int
    out: str
    err: str


class Registry:
    """A store of its own, in `folder`, and the commands that fill it.

    Parameters
    ----------
    folder : Path
    quick : bool
        Few trees, and gates that only warn.
    train_days : int
    """

    def __init__(self, folder: Path, *, quick: bool, train_days: int) -> None:
        self._folder = folder
        self._days = str(train_days)
        self._uri = f"sqlite:///{folder / 'store.db'}"
        self.config = write_config(folder / "config") if quick else _copied(folder / "config")
        self._slipped = _slipped(self.config, folder / "slipped")
        os.environ |= {"MLFLOW_TRACKING_URI": self._uri, "KAIDAN_HOME": str(folder / "home")}
        os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "1"
        os.chdir(folder)  # artifacts lie beside the store

    def train(self, bars: pd.DataFrame, macro: pd.DataFrame | None) -> Done:
        """The first release."""
        return self._train(bars, macro, self.config)

    def force_slipped(self, bars: pd.DataFrame, macro: pd.DataFrame | None) -> Done:
        """A release whose labels slipped by a decimal, promoted whatever the gates say."""
        trained = self._train(bars, macro, self._slipped, "--promote", "never")
        if trained.code:
            return trained
        reason = ("--reason", "it looked so good")
        return self._kaidan(
            "promote", "--level", "all", "--force", *reason, "--config", str(self.config)
        )

    def retrain(self, bars: pd.DataFrame, macro: pd.DataFrame | None) -> Done:
        """What is done every Sunday."""
        return self._kaidan("retrain", *self._files(bars, macro), "--config", str(self.config))

    @contextmanager
    def down(self) -> Iterator[None]:
        """Where the store was nobody answers."""
        mlflow.set_tracking_uri(_NOBODY)
        try:
            yield
        finally:
            mlflow.set_tracking_uri(self._uri)

    def _train(
        self, bars: pd.DataFrame, macro: pd.DataFrame | None, config: Path, *more: str
    ) -> Done:
        asked = ("--level", "all", *self._files(bars, macro), "--config", str(config))
        return self._kaidan("train", *asked, *more)

    def _files(self, bars: pd.DataFrame, macro: pd.DataFrame | None) -> list[str]:
        bars.reset_index().to_parquet(self._folder / "bars.parquet")
        options = ["--data", str(self._folder / "bars.parquet"), "--days", self._days]
        if macro is not None:
            known = macro.loc[: bars.index[-1].date()]
            known.reset_index().to_parquet(self._folder / "macro.parquet")
            options += ["--macro", str(self._folder / "macro.parquet")]
        return options

    def _kaidan(self, *arguments: str) -> Done:
        out, err = StringIO(), StringIO()
        try:
            with redirect_stdout(out), redirect_stderr(err):
                kaidan_main(list(arguments))
        except SystemExit as done:
            return Done(int(done.code or 0), out.getvalue(), err.getvalue())
        return Done(0, out.getvalue(), err.getvalue())


def _copied(folder: Path) -> Path:
    return write_values(load_settings().model_dump(mode="json"), folder)


def _slipped(config: Path, folder: Path) -> Path:
    """The same settings, but for a decimal."""
    values = load_settings(config).model_dump(mode="json")
    values["training"]["label"]["threshold_return"] /= _SLIP
    return write_values(values, folder)
