"""Macro values: of a file once, of the live sources again and again beside the bot's work."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from kaidan.bot.errands.outside import Errand
from kaidan.bot.sources.events import Trouble
from kaidan.bot.sources.retries import Retries
from kaidan.bot.sources.troubles import Troubles
from kaidan.errors import KaidanError
from kaidan.market.known_macro import KnownMacro
from kaidan.settings import Settings

_ERRAND = "kaidan.bot.errands.macro"
_FRESH_SHARE = 0.9  # of the time to the next refresh: for a start soon after another


@dataclass(frozen=True)
class MacroTold:
    """Macro values as they are known now; they replace all that was told before.

    Parameters
    ----------
    known : KnownMacro or None
        None: there are none.
    data_sha256 : str or None
        Hash of a file or the sample; the live sources have none, as they go on.
    """

    known: KnownMacro | None
    data_sha256: str | None


class MacroSource:
    """Tells macro values, without making anybody wait.

    A live source that fails is a trouble of its own: its values stay, and age.

    Parameters
    ----------
    uri : str
        A CSV or Parquet file, `live`, `sample`, or empty: none.
    settings : Settings

    Attributes
    ----------
    settled : bool
        Whether it is known what there is, so that a first bar need not wait for it.
    """

    def __init__(self, uri: str, settings: Settings) -> None:
        self._uri = uri
        self._source = settings.bot.source
        self._troubles = Troubles()
        self._retries = Retries(self._source.retry_seconds, self._source.macro_refresh_seconds)
        self._errand: Errand | None = None
        self._next_ask = -np.inf
        self.settled = False

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What is wrong now."""
        return self._troubles.current

    def poll(self, now: datetime, monotonic: float) -> list[MacroTold | Trouble]:
        """Tell what has happened since the last poll; returns at once.

        Raises
        ------
        OutsideError
            A file cannot be had; nobody would mend that while the bot runs.
        """
        if not self._uri:
            told = [] if self.settled else [MacroTold(None, None)]
            self.settled = True
            return [*told]
        if self._errand is not None:
            return self._hear(self._errand, now, monotonic) if self._errand.done else []
        if monotonic >= self._next_ask and (self._uri == "live" or not self.settled):
            return self._ask(now, monotonic)
        return []

    def close(self) -> None:
        """End at once whatever is under way."""
        if self._errand is not None:
            self._errand.cancel()

    def _ask(self, now: datetime, monotonic: float) -> list[MacroTold | Trouble]:
        max_age = _FRESH_SHARE * self._source.macro_refresh_seconds
        try:
            self._errand = Errand(
                _ERRAND,
                arguments=[self._uri, "--now", str(now.timestamp()), "--max-age", str(max_age)],
                timeout_seconds=self._source.fetch_timeout_seconds,
            )
        except KaidanError as error:
            return self._failed(error, now, monotonic)
        return []

    def _hear(self, errand: Errand, now: datetime, monotonic: float) -> list[MacroTold | Trouble]:
        self._errand = None
        try:
            answer = json.loads(errand.result())
        except KaidanError as error:
            return self._failed(error, now, monotonic)
        self.settled = True
        failures: Mapping[str, str] = answer["failures"]
        kinds = {trouble.kind for trouble in self.troubles} | {f"macro {name}" for name in failures}
        events: list[MacroTold | Trouble] = []
        for kind in sorted(kinds):
            events += self._troubles.set(kind, failures.get(kind.removeprefix("macro ")), now)
        if failures:
            self._next_ask = monotonic + self._retries.after_failure()
        else:
            self._retries.after_success()
            self._next_ask = monotonic + self._source.macro_refresh_seconds
        return [*events, MacroTold(_known(answer["known"]), answer["data_sha256"])]

    def _failed(
        self, error: KaidanError, now: datetime, monotonic: float
    ) -> list[MacroTold | Trouble]:
        if self._uri != "live":
            raise error
        self.settled = True
        self._next_ask = monotonic + self._retries.after_failure()
        return [*self._troubles.set("macro", str(error), now)]


def _known(said: Mapping[str, Any] | None) -> KnownMacro | None:
    return None if said is None else KnownMacro.from_dict(said)
