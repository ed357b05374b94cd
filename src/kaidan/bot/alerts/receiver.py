"""One address, and what it takes to get letters there: patience that doubles, one errand at a time.

A receiver that fails holds up nobody else, and a letter that it refuses holds up no other letter.
"""

import json
import logging
import time
from collections.abc import Sequence

from kaidan.bot.alerts.addresses import VARIABLE, Address
from kaidan.bot.alerts.message import Letter, compose, fitting
from kaidan.bot.alerts.outbox import Outbox
from kaidan.bot.errands.outside import Errand, OutsideError
from kaidan.bot_settings import AlertSettings

ERRAND = "kaidan.bot.errands.alert"
_MAX_DOUBLINGS = 30

_log = logging.getLogger(__name__)


class Receiver:
    """Delivers to `address`.

    Parameters
    ----------
    address : Address
    settings : AlertSettings
    bot : str
        Named in every message.

    Attributes
    ----------
    failures : int
        Deliveries that failed since the last one that worked.
    """

    def __init__(self, address: Address, settings: AlertSettings, *, bot: str) -> None:
        self.address = address
        self.failures = 0
        self._settings = settings
        self._bot = bot
        self._errand: Errand | None = None
        self._batch: list[Letter] = []
        self._given_up = 0
        self._not_before = 0.0

    @property
    def busy(self) -> bool:
        """Whether a delivery is under way."""
        return self._errand is not None

    @property
    def wait_seconds(self) -> float:
        """How long nothing is tried after the last failure."""
        return max(0.0, self._not_before - time.monotonic())

    def look(self, outbox: Outbox, receivers: Sequence[str]) -> None:
        """Take note of what was delivered, and begin what is due; never waits.

        Parameters
        ----------
        outbox : Outbox
        receivers : sequence of str
            Identities of all who are to get every letter.
        """
        if self._errand is not None and self._errand.done:
            self._finish(self._errand, outbox, receivers)
        if self._errand is None and not self.wait_seconds:
            self._begin(outbox)

    def cancel(self) -> None:
        """Give up what is under way; it stays in the outbox."""
        if self._errand is not None:
            self._errand.cancel()
            self._errand = None

    def _begin(self, outbox: Outbox) -> None:
        letters = outbox.waiting(self.address.identity)
        if not letters:
            return
        self._given_up = outbox.given_up(self.address.identity)
        self._batch = self._next_after_failed(letters) if self.failures else fitting(letters)
        message = compose(self._batch, bot=self._bot, given_up=self._given_up)
        said = {
            "title": message.title,
            "body": message.body,
            "severity": message.severity.name,
        }
        try:
            self._errand = Errand(
                ERRAND,
                arguments=["send"],
                stdin=json.dumps(said).encode(),
                timeout_seconds=self._settings.timeout_seconds,
                env={VARIABLE: self.address.url},
            )
        except OutsideError as error:
            self._failed(error)

    def _next_after_failed(self, letters: list[Letter]) -> list[Letter]:
        # One alone, and another one each time: should it be the letter that is refused, the
        # others still arrive.
        failed = (-self._batch[0].severity, self._batch[0].number)
        later = [one for one in letters if (-one.severity, one.number) > failed]
        return (later or letters)[:1]

    def _finish(self, errand: Errand, outbox: Outbox, receivers: Sequence[str]) -> None:
        try:
            errand.result()
        except OutsideError as error:
            self._errand = None
            self._failed(error)
            return
        # First of all, and again if it fails: nothing is delivered twice for want of a disk.
        outbox.hand_over(self._batch, self.address.identity, receivers, given_up=self._given_up)
        self._errand = None
        if self.failures:
            _log.info("alerts reach %s again, tried %d times", self.address.name, self.failures + 1)
        self.failures = 0

    def _failed(self, error: OutsideError) -> None:
        if not self.failures:
            _log.error(
                "alerts do not reach %s (%s); kept, and tried until they do",
                self.address.name,
                error,
            )
        doubled = self._settings.retry_seconds * 2.0 ** min(self.failures, _MAX_DOUBLINGS)
        self._not_before = time.monotonic() + min(doubled, self._settings.max_retry_seconds)
        self.failures += 1
