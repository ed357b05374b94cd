"""Hand-made bars: a seeded walk in any price scale, and a market in which nothing moves."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tests.features.streaming import WARMUP, stream_of

MakeBars = Callable[..., pd.DataFrame]


def walk(n: int, *, seed: int = 1, price: float = 30_000.0, start: str = "2024-01-01"):
    rng = np.random.default_rng(seed)
    close = price * np.exp(np.cumsum(rng.normal(0.0, 0.003, n)))
    open_ = np.concatenate(([price], close[:-1]))
    wick = price * rng.uniform(0.0, 0.002, (2, n))
    frame = pd.DataFrame(
        {
            "open": open_,
            "high": np.maximum(open_, close) + wick[0],
            "low": np.minimum(open_, close) - wick[1],
            "close": close,
            "volume": rng.lognormal(3.0, 1.0, n),
        },
        index=pd.date_range(start, periods=n, freq="15min", tz="UTC", unit="ns"),
    )
    return frame.rename_axis("timestamp")


@pytest.fixture(scope="session")
def make_bars() -> MakeBars:
    return walk


@pytest.fixture(scope="session")
def bars() -> pd.DataFrame:
    return walk(600)


@pytest.fixture(scope="session")
def flat_bars() -> pd.DataFrame:
    """Yen prices whose sums are not exact, after a stretch that moved."""
    frame = walk(3600, price=1e7)
    frame.iloc[600:, :4] = 1e7 / 3.0
    return frame


@pytest.fixture(scope="session")
def macro() -> pd.DataFrame:
    """Daily values from December 2023 to May 2024, none on weekends but for fear & greed."""
    days = pd.date_range("2023-12-01", "2024-05-31", unit="ns").rename("date")
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "usd_jpy": 140.0 * np.exp(np.cumsum(rng.normal(0.0, 0.005, len(days)))),
            "nikkei_225": 33_000.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, len(days)))),
            "us_10y_yield": 4.0 + np.cumsum(rng.normal(0.0, 0.03, len(days))),
            "fear_greed_index": rng.integers(10, 90, len(days)).astype(float),
        },
        index=days,
    )
    frame.loc[days.day_of_week >= 5, frame.columns[:3]] = np.nan
    return frame


@pytest.fixture(scope="module")
def long_bars(make_bars):
    return make_bars(WARMUP + 400)


@pytest.fixture
def stream(long_bars, macro):
    return stream_of(long_bars.iloc[:WARMUP], macro)
