from datetime import UTC, datetime

import pytest

from kaidan.bot.sources import exchange_source
from tests.bot.sources.kit import Exchange, InProcess, serving

START = datetime(2024, 1, 10, 6, 20, tzinfo=UTC)  # the bar of 06:00 is the newest closed one


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KAIDAN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def exchange(monkeypatch):
    exchange = Exchange(START)
    with serving(exchange, lambda: exchange.clock if exchange.tells_time else None) as url:
        exchange.url = url
        monkeypatch.setenv("KAIDAN_EXCHANGE_URL", url)
        yield exchange
        exchange.released.set()


@pytest.fixture
def in_process(monkeypatch):
    """Errands without processes, and without ccxt's pauses; how they were asked."""
    monkeypatch.setattr(InProcess, "started", [])
    monkeypatch.setattr(exchange_source, "Errand", InProcess)
    monkeypatch.setattr(exchange_source, "_SLACK_BARS", 12)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    return InProcess.started
