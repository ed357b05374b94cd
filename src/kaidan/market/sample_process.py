"""The latent process of the sample: how volatile each bar is, and which way it leans.

The lean is the planted signal. It is weak on purpose and lies in what the features measure.
"""

import math
from typing import Any

import numpy as np
import pandas as pd

from kaidan.market.macro import as_known

Floats = np.ndarray[Any, np.dtype[np.float64]]

# What a good model can find, as shares of a bar's volatility in its expected return. Found by
# trial, so that 180 days tell direction from a coin beyond doubt: out of fold LightGBM alone has
# an AUC near 0.65 and beats the volatility-conditional prior by 2 % of its log-loss.
REVERSION = 0.45  # against the stretch: distance to the 20-bar average, in volatilities
TREND = 0.05  # with the trend: distance of the 48-bar to the 200-bar average
SENTIMENT = 0.04  # against fear & greed at its extremes
YEN = 0.06  # with the last known daily change of USD/JPY

ANCHOR = 0.00015  # of the distance to the first price, taken back a bar: years stay plausible
BAR_VOLATILITY = 0.0023

_REGIMES = (  # volatility factor, drift in volatilities a bar, mean length in bars
    (0.70, 0.0, 192),  # calm
    (1.05, 0.015, 144),  # trending, up or down
    (1.75, 0.0, 64),  # turbulent
)
# Activity by UTC hour: Asia's morning, a quiet noon, the American session.
_HOURS = np.array(
    [
        *(1.05, 1.05, 0.95, 0.80, 0.75, 0.75, 0.80, 0.82, 0.85, 0.82, 0.80, 0.85),
        *(1.00, 1.20, 1.45, 1.35, 1.22, 1.20, 1.15, 1.12, 1.08, 1.05, 1.00, 0.92),
    ]
)
_WEEKEND = 0.70


def activity(times: pd.DatetimeIndex) -> Floats:
    """How busy the market is at each time of the week; 1 on average over a weekday."""
    return _HOURS[times.hour] * np.where(times.day_of_week >= 5, _WEEKEND, 1.0)


def volatility_and_drift(
    rng: np.random.Generator, times: pd.DatetimeIndex
) -> tuple[Floats, Floats]:
    """Volatility of each bar (of log returns), and its regime's drift in volatilities.

    A Markov chain of regimes, times clusters (an AR(1) of the logarithm, slow and fast), times
    the activity of the hour.
    """
    n = len(times)
    factor, drift = np.empty(n), np.empty(n)
    row, regime = 0, 0
    while row < n:
        scale, slope, length = _REGIMES[regime]
        stop = row + 1 + int(rng.exponential(length))
        factor[row:stop] = scale
        drift[row:stop] = slope * rng.choice((-1.0, 1.0))
        row, regime = stop, int((regime + rng.integers(1, 3)) % len(_REGIMES))
    slow = ar1(0.985, 0.055 * rng.standard_normal(n))
    fast = ar1(0.80, 0.16 * rng.standard_normal(n))
    return BAR_VOLATILITY * factor * activity(times) * np.exp(slow + fast), drift


def macro_lean(macro: pd.DataFrame, times: pd.DatetimeIndex) -> Floats:
    """Drift from macro series, in volatilities, from what was known when each bar opened."""
    known = as_known(
        macro.assign(usd_jpy=macro["usd_jpy"].dropna().pct_change() * 100), times, max_age_days=5
    ).fillna({"usd_jpy": 0.0, "fear_greed_index": 50.0})
    sentiment = (known["fear_greed_index"].to_numpy() - 50) / 50
    extreme = np.sign(sentiment) * np.maximum(0, np.abs(sentiment) - 0.2) / 0.3
    yen = np.clip(known["usd_jpy"].to_numpy() / 0.5, -2, 2)
    lean: Floats = YEN * yen - SENTIMENT * extreme
    return lean


def log_path(volatility: Floats, lean: Floats, shocks: Floats) -> Floats:
    """Cumulative log return at each close; where the price already is leans on the next return."""
    price = fast = medium = slow = 0.0
    path = []
    for sigma, tilt, shock in zip(volatility.tolist(), lean.tolist(), shocks.tolist(), strict=True):
        # 3.1 and 7.0: what the distances come to on a random walk of volatility 1.
        stretch = max(-3.0, min(3.0, (price - fast) / (3.1 * sigma)))
        trend = max(-2.0, min(2.0, (medium - slow) / (7.0 * sigma)))
        price += sigma * (shock + tilt + TREND * trend - REVERSION * stretch) - ANCHOR * price
        fast += (price - fast) * (2 / 21)
        medium += (price - medium) * (2 / 49)
        slow += (price - slow) * (2 / 201)
        path.append(price)
    return np.array(path)


def student_shocks(rng: np.random.Generator, n: int) -> Floats:
    """Fat-tailed shocks of variance 1: Student-t with 5 degrees of freedom."""
    return rng.standard_t(5, n) * math.sqrt(3 / 5)


def ar1(memory: float, shocks: Floats) -> Floats:
    """Autoregressive path x[t] = memory * x[t-1] + shocks[t], from 0."""
    value, path = 0.0, []
    for shock in shocks.tolist():
        value = memory * value + shock
        path.append(value)
    return np.array(path)
