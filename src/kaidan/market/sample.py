"""The embedded market: seeded, offline, realistic in shape, and with a signal planted in it.

It exists so that a newcomer sees a whole run in a minute, and so that tests know what a model
ought to find. It says nothing about any real market.
"""

import math

import numpy as np
import pandas as pd

from kaidan.market.bars import BAR_LENGTH, BARS_PER_DAY
from kaidan.market.sample_macro import LAST_DAY, sample_macro
from kaidan.market.sample_process import (
    BAR_VOLATILITY,
    Floats,
    activity,
    ar1,
    log_path,
    macro_lean,
    student_shocks,
    volatility_and_drift,
)

__all__ = ["sample_bars", "sample_macro"]

START_PRICE = 60_000.0
VOLUME = 1_500.0  # BTC a bar
MISSING_BARS = (150, 5)  # days before the end, bars
FILLER_BARS = (100, 4)

_PATH_STEPS = 8
_RANGE = 1.3  # eight steps see less of the range than a market's hundreds of trades


def sample_bars(days: int = 400, *, seed: int = 7) -> pd.DataFrame:
    """Simulate `days` days of bars that end with 2025.

    Returns are fat-tailed shocks times a volatility that clusters, follows the hour and the
    weekend, and moves between calm, trending and turbulent regimes. The expected return of a bar
    leans on four documented constants of `sample_process`. Five bars are missing 150 days before
    the end, and four are zero-volume filler 100 days before it, where the history reaches so far.

    The last bars of a long history are not those of a short one: `--days N` on the sample is the
    tail of the 400 days.

    Parameters
    ----------
    days : int
    seed : int

    Returns
    -------
    DataFrame of shape (96 * days, 5), less the missing bars, as `check_bars` returns it
    """
    rng = np.random.default_rng([seed, 1])
    n = days * BARS_PER_DAY
    end = LAST_DAY.tz_localize("UTC") + pd.Timedelta(days=1)
    times = pd.date_range(
        end=end - BAR_LENGTH, periods=n, freq=BAR_LENGTH, unit="ns", name="timestamp"
    )
    volatility, drift = volatility_and_drift(rng, times)
    lean = drift + macro_lean(sample_macro(days, seed=seed), times)
    log_price = math.log(START_PRICE) + log_path(volatility, lean, student_shocks(rng, n))
    bars = _candles(rng, log_price, volatility, times)
    bars["volume"] = _volume(rng, bars, volatility)
    return _with_faults(bars)


def _candles(
    rng: np.random.Generator, log_price: Floats, volatility: Floats, times: pd.DatetimeIndex
) -> pd.DataFrame:
    """Each bar opens at the last close; a bridge between the two gives high and low."""
    opened = np.concatenate(([math.log(START_PRICE)], log_price[:-1]))
    share = np.arange(1, _PATH_STEPS + 1) / _PATH_STEPS
    walk = rng.standard_normal((len(times), _PATH_STEPS)).cumsum(axis=1) / math.sqrt(_PATH_STEPS)
    bridge = _RANGE * volatility[:, None] * (walk - walk[:, -1:] * share)
    path = opened[:, None] + (log_price - opened)[:, None] * share + bridge
    high, low = np.maximum(opened, path.max(axis=1)), np.minimum(opened, path.min(axis=1))
    columns = {"open": opened, "high": high, "low": low, "close": log_price}
    return pd.DataFrame(
        {name: np.round(np.exp(values), 1) for name, values in columns.items()}, index=times
    )


def _volume(rng: np.random.Generator, bars: pd.DataFrame, volatility: Floats) -> Floats:
    """BTC a bar: heavier where range, volatility and hour are; the rest is slow and log-normal."""
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


def _with_faults(bars: pd.DataFrame) -> pd.DataFrame:
    filler, missing = _rows(bars, *FILLER_BARS), _rows(bars, *MISSING_BARS)
    if len(filler):
        last_close = bars["close"].iloc[len(bars) - FILLER_BARS[0] * BARS_PER_DAY - 1]
        bars.loc[filler] = (last_close, last_close, last_close, last_close, 0.0)
    return bars.drop(missing)


def _rows(bars: pd.DataFrame, days_before_end: int, count: int) -> pd.DatetimeIndex:
    """Find the times of `count` bars that far back; none when the history is shorter."""
    first = len(bars) - days_before_end * BARS_PER_DAY
    return pd.DatetimeIndex(bars.index[first : first + count] if first > 0 else [], tz="UTC")
