"""Alerts that are under way for as long as somebody has something to tell."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kaidan.bot.alerts.addresses import alert_addresses
from kaidan.bot.alerts.alerts import Alerts
from kaidan.settings import Settings


@contextmanager
def open_alerts(
    name: str, settings: Settings, home: Path, *, wait_seconds: float
) -> Iterator[Alerts]:
    """Alerts to whom `KAIDAN_ALERT_URLS` names, with an outbox of their own in `home`.

    Parameters
    ----------
    name : str
        Who tells.
    settings : Settings
    home : Path
    wait_seconds : float
        How long receivers are waited for in the end; what is left is delivered the next time.
    """
    folder = home / "alerts"
    folder.mkdir(parents=True, exist_ok=True)
    alerts = Alerts(
        folder / f"{name}.sqlite", settings.bot.alerts, bot=name, addresses=alert_addresses()
    )
    alerts.start()
    try:
        yield alerts
    finally:
        alerts.close(wait_seconds=wait_seconds)
