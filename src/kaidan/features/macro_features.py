"""Macro (features 63-70): each value as it was known when the bar closed, never by its date."""

from types import MappingProxyType

import numpy as np
import pandas as pd

from kaidan.features.correlation import daily_correlation
from kaidan.features.ohlcv import Array, Columns
from kaidan.market.macro import as_known, as_of, known_at

# Which source a feature stands or falls with; the order is that of the contract.
SOURCES = MappingProxyType(
    {
        "usd_jpy": "usd_jpy",
        "nikkei_225": "nikkei_225",
        "us_10y_yield": "us_10y_yield",
        "fear_greed_index": "fear_greed_index",
        "usd_jpy_change_1d": "usd_jpy",
        "nikkei_change_1d": "nikkei_225",
        "usd_jpy_btc_correlation": "usd_jpy",
        "market_sentiment": "fear_greed_index",
    }
)


def macro_features(
    macro: pd.DataFrame | None, closed_at: pd.DatetimeIndex, close: Array, *, max_age_days: float
) -> Columns:
    """Macro columns of shape (n_bars,); a source that is missing or stale is NaN, alone.

    Parameters
    ----------
    macro : DataFrame from `check_macro`, or None
    closed_at : DatetimeIndex of shape (n_bars,), UTC
    close : array of shape (n_bars,)
    max_age_days : float
        A value known longer ago than this is stale.
    """
    if macro is None:
        return {name: np.full(len(closed_at), np.nan) for name in SOURCES}
    levels = as_known(macro, closed_at, max_age_days)
    known = {name: levels[name].to_numpy() for name in macro.columns}
    correlation = daily_correlation(macro["usd_jpy"], closed_at, close)
    return {
        **known,
        "usd_jpy_change_1d": _change(macro["usd_jpy"], closed_at, max_age_days),
        "nikkei_change_1d": _change(macro["nikkei_225"], closed_at, max_age_days),
        "usd_jpy_btc_correlation": np.where(np.isnan(known["usd_jpy"]), np.nan, correlation),
        "market_sentiment": (known["fear_greed_index"] - 50.0) / 50.0,
    }


def stale_sources(macro: pd.DataFrame | None, at: pd.Timestamp, max_age_days: float) -> set[str]:
    """Names of the sources without a value known at most `max_age_days` before `at`."""
    if macro is None:
        return set(SOURCES.values())
    latest = as_known(macro, pd.DatetimeIndex([at]), max_age_days).iloc[0]
    return {str(name) for name in latest.index[latest.isna()]}


def _change(values: pd.Series, closed_at: pd.DatetimeIndex, max_age_days: float) -> Array:
    """Percent against the previous day that has a value, as known at each close."""
    present = values.dropna()
    change = 100.0 * (present / present.shift(1) - 1.0)
    known = known_at(pd.DatetimeIndex(present.index), str(values.name))
    return as_of(change, known, closed_at, max_age_days).to_numpy()
