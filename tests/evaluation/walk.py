"""A random walk whose volatility clusters, with honest features: nothing to learn but how far."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.signal import lfilter

HORIZON = 16
WARM_UP = 32


@dataclass(frozen=True)
class Walk:
    """Bars of `WARM_UP + n + HORIZON` rows; features and labels of the `n` in the middle."""

    bars: pd.DataFrame
    rows: slice
    X: np.ndarray
    y: np.ndarray

    @property
    def times(self) -> pd.DatetimeIndex:
        return pd.DatetimeIndex(self.bars.index[self.rows])

    @property
    def price(self) -> pd.Series:
        """Logarithm of the close."""
        return np.log(self.bars["close"])

    def with_column(self, values: pd.Series) -> np.ndarray:
        column = values.to_numpy(dtype=np.float32)[self.rows]
        return np.column_stack([self.X, column])


def walk(n: int = 3000, seed: int = 0) -> Walk:
    rng = np.random.default_rng(seed)
    n_bars = WARM_UP + n + HORIZON
    times = pd.date_range("2024-01-01", periods=n_bars, freq="15min", tz="UTC", name="timestamp")
    slow = lfilter([1.0], [1.0, -0.97], 0.1 * rng.normal(size=n_bars))
    price = pd.Series(np.cumsum(0.002 * np.exp(slow) * rng.normal(size=n_bars)), index=times)
    bars = pd.DataFrame({"close": 100.0 * np.exp(price), "volume": 1.0})
    returns = price.diff()
    features = pd.DataFrame(
        {
            "returns_1": returns,
            "returns_4": price.diff(4),
            "returns_1_lag_1": returns.shift(1),
            "volatility_16": returns.rolling(16).std(),
            "noise": rng.normal(size=n_bars),
        }
    )
    rows = slice(WARM_UP, WARM_UP + n)
    future = price.diff(HORIZON).shift(-HORIZON).to_numpy()[rows]
    return Walk(
        bars=bars,
        rows=rows,
        X=features.to_numpy(dtype=np.float32)[rows],
        y=np.digitize(future, [-0.005, 0.005]),
    )
