"""The bot's door to the people behind it: saying something costs it nothing and cannot fail.

A thread of its own folds, writes down and delivers, so that neither a disk nor a receiver that
hangs is ever waited for.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from kaidan.bot.alerts.addresses import Address
from kaidan.bot.alerts.delivery import Delivery
from kaidan.bot.alerts.message import clean
from kaidan.bot.alerts.severity import Severity, Telling
from kaidan.bot_settings import AlertSettings

_SAVE_SECONDS = 0.02
_AFTER_A_BUG_SECONDS = 1.0

_log = logging.getLogger(__name__)


class Alerts:
    """Tells people about matters, by severity; from `start` to `close`.

    Parameters
    ----------
    path : Path
        The outbox; its folder exists. What was not delivered is found there after a restart.
    settings : AlertSettings
    bot : str
        Named in every message.
    addresses : sequence of Address
        Of `alert_addresses()`; none: the log alone is told.

    Examples
    --------
    >>> with Alerts(path, settings, bot="paper", addresses=alert_addresses()) as alerts:
    ...     alerts.tell(Severity.warning, "macro.usd_jpy", "USD/JPY is stale since 09:00")
    ...     alerts.settle("macro.usd_jpy", "USD/JPY is fresh again")
    """

    def __init__(
        self,
        path: Path,
        settings: AlertSettings,
        *,
        bot: str,
        addresses: Sequence[Address],
    ) -> None:
        self._delivery = Delivery(path, settings, bot=bot, addresses=addresses)
        self._unsettled = self._delivery.unsettled()
        self._said: deque[Telling] = deque()
        self._wake = threading.Event()
        self._close_at: float | None = None
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)

    def start(self) -> None:
        """Begin to deliver, also what was left over."""
        self._thread.start()

    def close(self, *, wait_seconds: float = 0.0) -> None:
        """Stop; what is not delivered by then is delivered after the next start.

        Parameters
        ----------
        wait_seconds : float
            How long to wait for receivers that work.
        """
        if self._close_at is not None:
            return
        self._close_at = time.monotonic() + wait_seconds
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        else:
            self._delivery.close(self._drained())

    def __enter__(self) -> "Alerts":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def undelivered(self) -> dict[Severity, int]:
        """Letters that somebody has not got yet, by severity."""
        return self._delivery.undelivered

    @property
    def failing(self) -> tuple[str, ...]:
        """Names of the receivers that the last delivery did not reach."""
        return self._delivery.failing

    def tell(self, severity: Severity, key: str, text: str) -> None:
        """Tell people something.

        Waits for at most 20 ms, usually 0.1 ms, until a kill cannot lose it.

        Parameters
        ----------
        severity : Severity
        key : str
            Names the matter: told again within `repeat_seconds`, it is counted only.
        text : str
            A line or a few, without secrets.
        """
        self._unsettled.add(clean(key))
        self._say(Telling(time.time(), severity, clean(key), clean(text)))

    def settle(self, key: str, text: str) -> None:
        """Tell people, as an info, that a matter is over; nothing if they never heard of it.

        Costs next to nothing then, so that it can be called on every bar.
        """
        if clean(key) in self._unsettled:
            self._unsettled.discard(clean(key))
            self._say(Telling(time.time(), None, clean(key), clean(text)))

    def _say(self, telling: Telling) -> None:
        self._said.append(telling)
        self._wake.set()
        if self._thread.is_alive():
            telling.saved.wait(_SAVE_SECONDS)

    def _run(self) -> None:
        self._delivery.begin()
        while not self._over():
            self._wake.wait(self._step())
            self._wake.clear()
        self._delivery.close(self._drained())

    def _over(self) -> bool:
        if self._close_at is None:
            return False
        return time.monotonic() >= self._close_at or not (self._said or self._delivery.promising)

    def _step(self) -> float:
        try:
            return self._delivery.step(self._drained())
        except Exception:  # noqa: BLE001 - who tells of failures must not stop for one
            _log.exception("alerts: a step failed; going on")
            return _AFTER_A_BUG_SECONDS

    def _drained(self) -> list[Telling]:
        return [self._said.popleft() for _ in range(len(self._said))]
