"""No test may load a pickle; real market data for the tests that use it, skipped without it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

# Before MLflow is imported, and for the processes that tests start.
os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
# As the command line does.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
# There is a worker for each core: more threads of numpy's would only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# Files are handed to the workers in this order: one trains the release, others do without it.
LONG = (
    "tests/registry/test_training_run.py",
    "tests/end_to_end/",
    "tests/test_notebooks.py",
    "tests/faults/",
    "tests/registry/",
    "tests/test_server.py",
    "tests/monitoring/",
)

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


def _stores(items: list[pytest.Item]) -> Iterator[tuple[pytest.Item, tuple[str, str], str]]:
    for item in items:
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            function = (item.module.__name__, item.originalname)
            yield item, function, item.callspec.params.get("release", "")


def _place(item: pytest.Item) -> int:
    """Which of the first places a test's file has; one without comes after them."""
    return next((n for n, path in enumerate(LONG) if item.nodeid.startswith(path)), len(LONG))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, lest one worker be left with it when the other has finished.

    Where a test is run with a server as well as with sqlite, coverage is measured with sqlite.
    """
    items.sort(key=_place)
    measured = {function for _, function, store in _stores(items) if store == "sqlite"}
    for item, function, store in _stores(items):
        if store == "server" and function in measured:
            item.add_marker(pytest.mark.no_cover)
