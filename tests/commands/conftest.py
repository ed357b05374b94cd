import pandas as pd
import pytest

from kaidan.market.sample import sample_bars, sample_macro
from kaidan.settings import load_settings
from tests.release import release, store

__all__ = ["release", "store"]


@pytest.fixture(scope="session")
def bars_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Bars for 30 answers, as a user's CSV file."""
    path = tmp_path_factory.mktemp("bars") / "bars.csv"
    bars: pd.DataFrame = sample_bars().iloc[-load_settings().levels.warmup_bars - 29 :]
    bars.to_csv(path)
    return str(path)


@pytest.fixture(scope="session")
def macro_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("macro") / "macro.csv"
    sample_macro().to_csv(path)
    return str(path)
