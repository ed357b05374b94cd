from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kaidan.bot.alerts import delivery, receiver
from kaidan.bot.alerts.addresses import VARIABLE, alert_addresses
from kaidan.bot.alerts.alerts import Alerts
from kaidan.bot_settings import AlertSettings, BySeverity
from tests.bot.alerts.post_office import PostOffice


@pytest.fixture
def settings() -> AlertSettings:
    return AlertSettings(
        repeat_seconds=BySeverity(critical=900, warning=3600, info=21600),
        max_warnings_per_hour=20,
        max_infos_per_hour=10,
        timeout_seconds=20,
        retry_seconds=0.05,
        max_retry_seconds=0.2,
        forget_after_hours=24,
    )


@pytest.fixture
def office() -> Iterator[PostOffice]:
    office = PostOffice()
    yield office
    office.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliver without apprise."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    for module in (receiver, delivery):
        monkeypatch.setattr(module, "ERRAND", "tests.bot.alerts.quick_errand")


@pytest.fixture
def open_alerts(
    tmp_path: Path, settings: AlertSettings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Alerts]]:
    """Starts alerts on the same outbox each time; they are closed after the test."""
    opened: list[Alerts] = []

    def start(*urls: str, **changes: object) -> Alerts:
        monkeypatch.setenv(VARIABLE, " ".join(urls))
        alerts = Alerts(
            tmp_path / "alerts.sqlite",
            settings.model_copy(update=changes),
            bot="paper",
            addresses=alert_addresses(),
        )
        alerts.start()
        opened.append(alerts)
        return alerts

    yield start
    for alerts in opened:
        alerts.close()
