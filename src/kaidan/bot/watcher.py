"""Has the journal looked at now and then, by a child that may load what the bot must not.

What it finds (scores, drift, a canary that fails) is told; a bar never waits for it.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kaidan.bot.alerts.severity import Severity
from kaidan.bot.errands.outside import Errand, OutsideError
from kaidan.settings import Settings

# By name: what monitors bots is above them, and imports MLflow and pandas.
MODULE = "kaidan.monitoring.watch_errand"


@dataclass(frozen=True)
class Matter:
    """Something that people should know of, or that is over.

    Attributes
    ----------
    key : str
        What it is about: `drift 1`, `canary 2`.
    severity : Severity or None
        None: it is over, or was never there.
    text : str
    """

    key: str
    severity: Severity | None
    text: str


@dataclass(frozen=True)
class Looked:
    """One look at the journal.

    Attributes
    ----------
    matters : tuple of Matter
    moved : bool
        Something else is live now.
    failure : str
        Why it could not be looked at; empty when it was.
    """

    matters: tuple[Matter, ...] = ()
    moved: bool = False
    failure: str = ""


class Watcher:
    """Looks at a journal every so many decided bars.

    Parameters
    ----------
    journal : Path
    settings : Settings
    config : Path, optional
        Where the settings were read from, for the errand.
    """

    def __init__(self, journal: Path, settings: Settings, *, config: Path | None) -> None:
        self._arguments = [str(journal)]
        if config is not None:
            self._arguments += ["--config", str(config)]
        self._every_bars = settings.bot.monitoring.every_bars
        self._timeout_seconds = settings.bot.monitoring.timeout_seconds
        self._n_bars = 0
        self._errand: Errand | None = None

    def decided(self) -> None:
        """Count a decided bar."""
        self._n_bars += 1

    def poll(self) -> Looked | None:
        """Go one step on; never waits.

        Returns
        -------
        Looked or None
            None: nothing new since the last call.
        """
        if self._errand is not None:
            if not self._errand.done:
                return None
            errand, self._errand = self._errand, None
            return _heard(errand)
        if self._n_bars < self._every_bars:
            return None
        self._n_bars = 0
        try:
            self._errand = Errand(
                MODULE, arguments=self._arguments, timeout_seconds=self._timeout_seconds
            )
        except OutsideError as error:
            return Looked(failure=str(error))
        return None

    def stop(self) -> None:
        """End what is under way."""
        if self._errand is not None:
            self._errand.cancel()


def _heard(errand: Errand) -> Looked:
    try:
        said = json.loads(errand.result())
        return Looked(tuple(_matter(one) for one in said["matters"]), bool(said["moved"]))
    except OutsideError as error:
        return Looked(failure=str(error))
    except (ValueError, TypeError, KeyError) as error:
        return Looked(failure=f"errand watch: said what cannot be read ({error!r:.80})")


def _matter(said: dict[str, Any]) -> Matter:
    severity = said["severity"]
    return Matter(said["key"], None if severity is None else Severity[severity], said["text"])
