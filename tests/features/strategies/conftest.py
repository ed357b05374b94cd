import pytest

from kaidan.settings import StrategySettings, load_settings


@pytest.fixture(scope="session")
def strategies() -> StrategySettings:
    return load_settings().training.strategies
