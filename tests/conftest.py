"""No test may load a pickle; real market data for the tests that use it, skipped without it."""

import os
from pathlib import Path

import pandas as pd
import pytest

# Before MLflow is imported, and for the processes that tests start.
os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
# As the command line does.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def _read(name: str) -> pd.DataFrame:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"real market data is absent: {name}")
    return pd.read_parquet(path)


@pytest.fixture(scope="session")
def real_bars() -> pd.DataFrame:
    """70,176 bars of 2023 and 2024, dollars."""
    return _read("btc_15m_binance-usdm-perp_20230101_20241231.parquet")


@pytest.fixture(scope="session")
def real_macro() -> pd.DataFrame:
    return _read("macro_daily_20221201_20241231.parquet")


@pytest.fixture(scope="session")
def yen_bars() -> pd.DataFrame:
    """5,804 bars, prices near 10**7, weekly gaps."""
    return _read("btc_15m_gmo-btcjpy_20260430_20260630.parquet")
