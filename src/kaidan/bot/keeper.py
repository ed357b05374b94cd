"""Keeps the ladder at what the registry says is live, without ever making a bar wait.

An errand brings new versions into the cache; a thread opens and tries them; then the ladder swaps
them all in one assignment.
"""

import json
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kaidan.bot.errands.outside import Errand, OutsideError
from kaidan.bot.memory import give_back
from kaidan.serving.live_ladder import LiveLadder
from kaidan.serving.steps import Refresh
from kaidan.settings import Settings

MODULE = "kaidan.bot.errands.models"
# A webhook may call as often as it likes.
_SOONEST_SECONDS = 2.0
_PAUSE_SECONDS = 0.05


@dataclass(frozen=True)
class Kept:
    """One look at the registry.

    Attributes
    ----------
    refresh : Refresh or None
        What the ladder made of it; None when there was nothing to load from.
    failures : dict of str to str
        What went wrong, by what it went wrong with: `registry`, or `level 2`.
    """

    refresh: Refresh | None
    failures: dict[str, str]


class Keeper:
    """Looks at the registry now and then.

    Parameters
    ----------
    ladder : LiveLadder
        Made from the cache.
    settings : Settings
    config : Path, optional
        Where the settings were read from, for the errand.
    """

    def __init__(self, ladder: LiveLadder, settings: Settings, *, config: Path | None) -> None:
        self._ladder = ladder
        self._every_seconds = settings.bot.ladder.refresh_seconds
        self._timeout_seconds = settings.bot.ladder.refresh_timeout_seconds
        self._arguments = () if config is None else ("--config", str(config))
        self._errand: Errand | None = None
        self._opening: threading.Thread | None = None
        self._kept: Kept | None = None
        self._began = -float("inf")
        self._soon = threading.Event()

    def soon(self) -> None:
        """Look again as soon as may be; from any thread."""
        self._soon.set()

    def poll(self) -> Kept | None:
        """Go one step on; never waits.

        Returns
        -------
        Kept or None
            None: nothing new since the last call.
        """
        if self._opening is not None:
            if self._opening.is_alive():
                return None  # what it found is not touched by two threads
            self._opening = self._errand = None
        elif self._errand is not None:
            if self._errand.done:
                self._opening = threading.Thread(target=self._open, daemon=True)
                self._opening.start()
            return None
        elif time.monotonic() - self._began >= self._wait_seconds:
            self._begin()
        kept, self._kept = self._kept, None
        return kept

    def look(self, stop: threading.Event) -> Kept:
        """Look now and wait for it, `refresh_timeout_seconds` at most, or until `stop` is set."""
        self._begin()
        if self._errand is not None:
            while not (self._errand.done or stop.wait(_PAUSE_SECONDS)):
                pass
            self._errand.cancel()
            self._open()
        kept, self._kept, self._errand = self._kept, None, None
        return kept or Kept(None, {})

    def stop(self) -> None:
        """End what is under way."""
        if self._errand is not None and self._opening is None:
            self._errand.cancel()
        if self._opening is not None:
            self._opening.join()

    def _begin(self) -> None:
        self._began = time.monotonic()
        self._soon.clear()
        try:
            self._errand = Errand(
                MODULE, arguments=self._arguments, timeout_seconds=self._timeout_seconds
            )
        except OutsideError as error:
            self._kept = Kept(None, {"registry": str(error)})

    def _open(self) -> None:
        failures = self._brought()
        refresh = self._ladder.refresh()
        if refresh.swapped:
            give_back()
        by_level = {f"level {level}": why for level, why in refresh.failed.items()}
        self._kept = Kept(refresh, failures | by_level)

    def _brought(self) -> dict[str, str]:
        """Why the errand did not bring what is live; empty when it did."""
        if self._errand is None:
            return {}
        try:
            return _failures(json.loads(self._errand.result()))
        except OutsideError as error:
            return {"registry": str(error)}
        except (ValueError, TypeError, KeyError) as error:
            return {"registry": f"errand models: said what cannot be read ({error!r:.80})"}

    @property
    def _wait_seconds(self) -> float:
        return _SOONEST_SECONDS if self._soon.is_set() else self._every_seconds


def _failures(said: dict[str, Any]) -> dict[str, str]:
    """One failure where all levels failed alike: then it is the registry."""
    by_level = {
        f"level {one['level']}": one["live"]["why"] for one in said["levels"] if one["live"]["why"]
    }
    if len(by_level) == len(said["levels"]) and len(set(by_level.values())) == 1:
        return {"registry": next(iter(by_level.values()))}
    return by_level
