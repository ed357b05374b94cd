import pytest

from kaidan.settings import load_settings
from kaidan.strategy_settings import StrategySettings


@pytest.fixture(scope="session")
def strategies() -> StrategySettings:
    return load_settings().training.strategies
