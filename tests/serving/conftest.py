from pathlib import Path

import pandas as pd
import pytest

from kaidan.features.manager import FeatureManager
from kaidan.market.sample import sample_bars, sample_macro
from kaidan.serving.cache import ModelCache
from kaidan.serving.ladder import Ladder
from kaidan.settings import Settings, load_settings
from tests.release import filled_home, release, store

__all__ = ["release", "store"]


@pytest.fixture(scope="session")
def settings(release) -> Settings:
    return load_settings(release.config)


@pytest.fixture(scope="session")
def features(settings: Settings) -> pd.DataFrame:
    """70 features of the last 40 bars of the sample."""
    bars = sample_bars().iloc[-settings.levels.warmup_bars - 39 :]
    return FeatureManager(settings).generate_features(bars, macro=sample_macro())


@pytest.fixture(scope="session")
def filled(release, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose cache holds the release; not to be changed."""
    return filled_home(release, settings, tmp_path_factory.mktemp("filled"))


@pytest.fixture(scope="session")
def ladder(filled: Path, settings: Settings) -> Ladder:
    return Ladder.from_cache(settings, home=filled)


@pytest.fixture
def cache(filled: Path, tmp_path: Path) -> ModelCache:
    """A copy of the filled cache, at `tmp_path`."""
    old, new = ModelCache(filled), ModelCache(tmp_path)
    for entry in old.entries().values():
        new.put(old.bundle(entry.model_sha256), entry)
    new.write(old.index())
    return new
