import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from kaidan.market.sample import sample_bars
from kaidan.settings import Settings, load_settings
from tests.bot.alerts.post_office import PostOffice
from tests.bot.sources.kit import serving
from tests.faults.bot.lively import easily_moved, lively_home
from tests.faults.bot.stage import Market, Stage, unwatched
from tests.kit import write_config

N_LATER = 14 * 96


@pytest.fixture(scope="session")
def bars() -> pd.DataFrame:
    """A warm-up and two weeks of the sample."""
    return sample_bars().iloc[-load_settings().levels.warmup_bars - N_LATER - 100 :]


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def settings(free_port: int) -> Settings:
    settings = easily_moved(load_settings())
    health = settings.bot.health.model_copy(update={"port": free_port})
    bot = unwatched(settings.bot).model_copy(update={"health": health})
    return settings.model_copy(update={"bot": bot})


@pytest.fixture
def config(settings: Settings, tmp_path: Path) -> Path:
    return write_config(tmp_path / "config", settings)


@pytest.fixture
def home(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a model of each level."""
    monkeypatch.setenv("KAIDAN_HOME", str(tmp_path / "home"))
    return lively_home(tmp_path / "home", settings)


@pytest.fixture
def market(bars: pd.DataFrame, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Market]:
    """An exchange two weeks ago, whose past is stored."""
    market = Market(bars, bars.index[-N_LATER].to_pydatetime() + timedelta(seconds=30))
    market.stored(home)
    with serving(market, lambda: market.clock if market.tells_time else None) as url:
        market.url = url
        monkeypatch.setenv("KAIDAN_EXCHANGE_URL", url)
        yield market
        market.released.set()


@pytest.fixture
def stage(market: Market, config: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(market, config, monkeypatch)


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[PostOffice]:
    """Who gets the alerts."""
    office = PostOffice()
    monkeypatch.setenv("KAIDAN_ALERT_URLS", office.url)
    yield office
    office.close()
