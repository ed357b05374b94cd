"""Macro (features 63-70): each value as it was known when the bar closed, never by its date."""

from types import MappingProxyType

import numpy as np

from kaidan.features.correlation import WINDOW_SECONDS, daily_correlation
from kaidan.features.ohlcv import Array, Columns, Times
from kaidan.market.known_macro import MACRO_COLUMNS, KnownMacro, Series

DAY_SECONDS = 24 * 3600
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
    macro: KnownMacro, closed_at: Times, close: Array, at: Times, *, max_age_days: float
) -> Columns:
    """Macro columns of shape (n,); a source that is missing or stale is NaN, alone.

    Parameters
    ----------
    macro : KnownMacro
    closed_at : int64 array of shape (n_bars,), epoch seconds
    close : array of shape (n_bars,)
    at : int64 array of shape (n,), epoch seconds, increasing
        Of `closed_at`, those that are asked for.
    max_age_days : float
        A value known longer ago than this is stale.
    """
    known = {name: _as_of(macro[name], at, max_age_days) for name in MACRO_COLUMNS}
    correlation = daily_correlation(macro["usd_jpy"], closed_at, close, at)
    return {
        **known,
        "usd_jpy_change_1d": _as_of(_change(macro["usd_jpy"]), at, max_age_days),
        "nikkei_change_1d": _as_of(_change(macro["nikkei_225"]), at, max_age_days),
        "usd_jpy_btc_correlation": np.where(np.isnan(known["usd_jpy"]), np.nan, correlation),
        "market_sentiment": (known["fear_greed_index"] - 50.0) / 50.0,
    }


def macro_changes(macro: KnownMacro, max_age_days: float) -> list[int]:
    """Instants (epoch seconds, sorted) at which a macro feature can change; none in between does.

    A value becomes known, grows stale, or leaves the window of the correlation.
    """
    known = np.unique(np.concatenate([macro[name].known for name in MACRO_COLUMNS]))
    stale = known + _seconds(max_age_days) + 1
    return sorted({*known.tolist(), *stale.tolist(), *(known + WINDOW_SECONDS).tolist()})


def stale_sources(macro: KnownMacro, at: int, max_age_days: float) -> tuple[str, ...]:
    """Names of the sources without a value known at most `max_age_days` before `at`.

    Parameters
    ----------
    macro : KnownMacro
    at : int, epoch seconds
    max_age_days : float
    """
    now = np.array([at])
    return tuple(
        name for name in MACRO_COLUMNS if np.isnan(_as_of(macro[name], now, max_age_days)[0])
    )


def fed_by(sources: tuple[str, ...]) -> frozenset[str]:
    """Macro features that stand or fall with one of `sources`."""
    return frozenset(name for name, source in SOURCES.items() if source in sources)


def _as_of(series: Series, at: Times, max_age_days: float) -> Array:
    """Last value known at or before each instant of `at`; NaN when there is none or it is stale."""
    last = series.known.searchsorted(at, side="right") - 1
    fresh = last >= 0
    fresh[fresh] = at[fresh] - series.known[last[fresh]] <= _seconds(max_age_days)
    joined = np.full(len(at), np.nan)
    joined[fresh] = series.values[last[fresh]]
    return joined


def _change(series: Series) -> Series:
    """Percent against the previous day that has a value; NaN for the first."""
    values = series.values
    before = np.append(np.nan, values[:-1])[: len(values)]
    return Series(series.known, 100.0 * (values / before - 1.0))


def _seconds(days: float) -> int:
    return int(days * DAY_SECONDS)
