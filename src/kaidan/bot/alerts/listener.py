"""Who is told of what people should know."""

from typing import Protocol

from kaidan.bot.alerts.severity import Severity


class Listener(Protocol):
    """Who is told of matters; `Alerts`, or nobody in a replay."""

    def tell(self, severity: Severity, key: str, text: str) -> None:
        """Tell people something."""

    def settle(self, key: str, text: str) -> None:
        """Tell people that a matter is over."""


class Nobody:
    """Hears of a replay: what happened years ago alarms no one."""

    def tell(self, severity: Severity, key: str, text: str) -> None:
        """Say nothing."""

    def settle(self, key: str, text: str) -> None:
        """Say nothing."""
