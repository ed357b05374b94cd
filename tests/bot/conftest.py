from pathlib import Path

import pandas as pd
import pytest

from kaidan.features.manager import FeatureManager
from kaidan.market.sample import sample_bars, sample_macro
from kaidan.serving.ladder import Ladder
from kaidan.settings import Settings, load_settings
from tests.release import filled_home, release, store

__all__ = ["release", "store"]

DAYS_ANSWERED = 6


@pytest.fixture(scope="session")
def settings(release) -> Settings:
    return load_settings(release.config)


@pytest.fixture(scope="session")
def bars(settings: Settings) -> pd.DataFrame:
    """The last bars of the sample: six days of answers and their warm-up."""
    return sample_bars().iloc[-settings.levels.warmup_bars - DAYS_ANSWERED * 96 + 1 :]


@pytest.fixture(scope="session")
def macro() -> pd.DataFrame:
    return sample_macro()


@pytest.fixture(scope="session")
def features(settings: Settings, bars: pd.DataFrame, macro: pd.DataFrame) -> pd.DataFrame:
    return FeatureManager(settings).generate_features(bars, macro=macro)


@pytest.fixture(scope="session")
def home(release, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose cache holds the release."""
    return filled_home(release, settings, tmp_path_factory.mktemp("filled"))


@pytest.fixture(scope="session")
def ladder(home: Path, settings: Settings) -> Ladder:
    return Ladder.from_cache(settings, home=home)
