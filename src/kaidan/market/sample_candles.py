"""Candles and volume around a simulated price path."""

import math

import numpy as np
import pandas as pd

from kaidan.market.bar import BARS_PER_DAY
from kaidan.market.bars import BAR_LENGTH
from kaidan.market.sample_macro import LAST_DAY
from kaidan.market.sample_process import BAR_VOLATILITY, Floats, activity, ar1

START_PRICE = 60_000.0
VOLUME = 1_500.0  # BTC a bar

_PATH_STEPS = 8
_RANGE = 1.3  # eight steps see less of the range than a market's hundreds of trades


def sample_times(days: int) -> pd.DatetimeIndex:
    """Open times of `days` days of bars that end with 2025."""
    end = LAST_DAY.tz_localize("UTC") + pd.Timedelta(days=1)
    return pd.date_range(
        end=end - BAR_LENGTH,
        periods=days * BARS_PER_DAY,
        freq=BAR_LENGTH,
        unit="ns",
        name="timestamp",
    )


def candles(
    rng: np.random.Generator, log_path: Floats, volatility: Floats, times: pd.DatetimeIndex
) -> pd.DataFrame:
    """Bars around a path of log prices, relative to `START_PRICE`.

    Each bar opens at the last close; a bridge between the two gives high and low. Volume is
    heavier where range, volatility and hour are; the rest is slow and log-normal.

    Returns
    -------
    DataFrame of shape (n_bars, 5)
    """
    log_price = math.log(START_PRICE) + log_path
    opened = np.concatenate(([math.log(START_PRICE)], log_price[:-1]))
    share = np.arange(1, _PATH_STEPS + 1) / _PATH_STEPS
    walk = rng.standard_normal((len(times), _PATH_STEPS)).cumsum(axis=1) / math.sqrt(_PATH_STEPS)
    bridge = _RANGE * volatility[:, None] * (walk - walk[:, -1:] * share)
    path = opened[:, None] + (log_price - opened)[:, None] * share + bridge
    high, low = np.maximum(opened, path.max(axis=1)), np.minimum(opened, path.min(axis=1))
    columns = {"open": opened, "high": high, "low": low, "close": log_price}
    bars = pd.DataFrame(
        {name: np.round(np.exp(values), 1) for name, values in columns.items()}, index=times
    )
    bars["volume"] = _volume(rng, bars, volatility)
    return bars


def _volume(rng: np.random.Generator, bars: pd.DataFrame, volatility: Floats) -> Floats:
    n = len(bars)
    log_range = np.log(bars["high"].to_numpy() / bars["low"].to_numpy())
    noise = ar1(0.97, 0.08 * rng.standard_normal(n)) + 0.25 * rng.standard_normal(n)
    level = (
        1.1 * (np.log1p(log_range / BAR_VOLATILITY) - 0.75)
        + 0.35 * np.log(volatility / BAR_VOLATILITY)
        + 0.5 * np.log(activity(pd.DatetimeIndex(bars.index)))
    )
    volume: Floats = np.round(VOLUME * np.exp(level + noise), 3)
    return volume
