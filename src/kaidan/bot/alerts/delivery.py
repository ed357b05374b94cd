"""What the alerts thread does, step by step: take in, fold, write down, deliver, forget."""

import json
import logging
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

from kaidan.bot.alerts.addresses import VARIABLE, Address
from kaidan.bot.alerts.folding import Folding
from kaidan.bot.alerts.message import Letter
from kaidan.bot.alerts.outbox import HOUR_SECONDS, Outbox
from kaidan.bot.alerts.receiver import ERRAND, Receiver
from kaidan.bot.alerts.severity import Severity, Telling
from kaidan.bot.errands.outside import Errand, OutsideError
from kaidan.bot_settings import AlertSettings

_BUSY_SECONDS = 0.05
_IDLE_SECONDS = 0.5
_STORAGE_PATIENCE_SECONDS = 5.0
_LEVELS = {
    Severity.critical: logging.CRITICAL,
    Severity.warning: logging.WARNING,
    Severity.info: logging.INFO,
}

_log = logging.getLogger(__name__)


class Delivery:
    """Brings tellings to the log, and to `addresses`; for one thread.

    Parameters
    ----------
    path : Path
        The outbox; its folder exists.
    settings : AlertSettings
    bot : str
    addresses : sequence of Address
    """

    def __init__(
        self,
        path: Path,
        settings: AlertSettings,
        *,
        bot: str,
        addresses: Sequence[Address],
    ) -> None:
        self._settings = settings
        self._addresses = addresses
        self._receivers = [Receiver(address, settings, bot=bot) for address in addresses]
        self._check: Errand | None = None
        self._unsaved: list[Telling] = []
        self._storage_failed_at: float | None = None
        try:
            self._use(Outbox(path))
        except sqlite3.Error as error:
            _tell_of_memory(error)
            self._use(Outbox(None))
        self.undelivered = self._outbox.undelivered()

    def _use(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._folding = Folding(outbox, self._settings, log_only=not self._addresses)

    @property
    def failing(self) -> tuple[str, ...]:
        """Names of the receivers that the last delivery did not reach."""
        return tuple(one.address.name for one in self._receivers if one.failures)

    @property
    def promising(self) -> bool:
        """Whether waiting a little may get something delivered."""
        return bool(self._unsaved) or (
            any(self.undelivered.values()) and any(not one.failures for one in self._receivers)
        )

    def unsettled(self) -> set[str]:
        """Keys of the matters that were told and not settled, also before a restart."""
        return self._folding.unsettled()

    def begin(self) -> None:
        """Say whom alerts go to; whether apprise knows the addresses is found out meanwhile."""
        if not self._addresses:
            _log.warning(
                "alerts go to this log only; to be told elsewhere set %s, for example to "
                "discord://WEBHOOK_ID/WEBHOOK_TOKEN",
                VARIABLE,
            )
            return
        try:
            self._check = Errand(
                ERRAND,
                arguments=["check"],
                timeout_seconds=self._settings.timeout_seconds,
                env={VARIABLE: " ".join(address.url for address in self._addresses)},
            )
        except OutsideError as error:
            _log.warning("the addresses in %s could not be checked (%s)", VARIABLE, error)

    def step(self, tellings: Sequence[Telling]) -> float:
        """Do what can be done without waiting; the seconds until there may be more to do."""
        self._unsaved += tellings
        try:
            self._take_in()
            self._look_around()
            self.undelivered = self._outbox.undelivered()
            self._storage_failed_at = None
        except sqlite3.Error as error:
            self._wait_for_storage(error)
        if self._check or self._storage_failed_at or any(one.busy for one in self._receivers):
            return _BUSY_SECONDS
        return min([_IDLE_SECONDS, *(one.wait_seconds or _IDLE_SECONDS for one in self._receivers)])

    def close(self, tellings: Sequence[Telling]) -> None:
        """Write down what is left to tell, and stop; it is delivered after the next start."""
        for errand in (self._check, *self._receivers):
            if errand is not None:
                errand.cancel()
        self._unsaved += tellings
        try:
            self._take_in()
        except sqlite3.Error as error:
            said = " | ".join(telling.text for telling in self._unsaved)
            _log.error("alerts could not be written down (%s): %s", error, said)
        self._outbox.close()

    def _take_in(self) -> None:
        now = time.time()
        with self._outbox.at_once():
            letters = self._folding.fold(self._unsaved, now)
            forgotten = self._outbox.clear(
                now,
                forget_after_seconds=self._settings.forget_after_hours * HOUR_SECONDS,
                receivers=self._identities(),
            )
        saved, self._unsaved = self._unsaved, []
        for telling in saved:
            telling.saved.set()
        for letter in letters:
            _write_down(letter)
        if forgotten:
            _log.warning("%d old warnings and infos were given up, undelivered", forgotten)

    def _look_around(self) -> None:
        if self._check is not None:
            if not self._check.done:
                return
            check, self._check = self._check, None
            self._learn(check)
        identities = self._identities()
        for receiver in self._receivers:
            receiver.look(self._outbox, identities)

    def _identities(self) -> list[str]:
        return [receiver.address.identity for receiver in self._receivers]

    def _learn(self, check: Errand) -> None:
        try:
            known = json.loads(check.result())
        except OutsideError as error:
            _log.warning("the addresses in %s could not be checked (%s)", VARIABLE, error)
            return
        for receiver, is_known in zip(tuple(self._receivers), known, strict=True):
            if is_known:
                _log.info("alerts go to %s", receiver.address.name)
            else:
                self._receivers.remove(receiver)
                _log.error(
                    "%s: apprise does not know %s, nobody is told there; compare it with "
                    "apprise's list of services and start again",
                    VARIABLE,
                    receiver.address.name,
                )

    def _wait_for_storage(self, error: sqlite3.Error) -> None:
        now = time.monotonic()
        self._storage_failed_at = self._storage_failed_at or now
        if now - self._storage_failed_at >= _STORAGE_PATIENCE_SECONDS:
            _tell_of_memory(error)
            self._use(self._outbox.in_memory())
            self._storage_failed_at = None


def _tell_of_memory(error: sqlite3.Error) -> None:
    _log.error(
        "the outbox of the alerts cannot be used (%s); until the next start they are kept in "
        "memory, free the disk or move alerts.sqlite away",
        error,
    )


def _write_down(letter: Letter) -> None:
    _log.log(_LEVELS[letter.severity], "%s", letter.text)
