"""MultiTimeframe: enter on 15-minute bars, in the direction of the 4-hour trend."""

import numpy as np

from kaidan.features.ohlcv import Array, Times
from kaidan.features.strategies.opinion import direction, opinion
from kaidan.features.windows import shifted
from kaidan.market.bar import BAR_SECONDS
from kaidan.strategy_settings import MultiTimeframeSettings

HIGHER_SECONDS = 4 * 3600


def multi_timeframe(
    spread: Array,
    close: Array,
    ema_20: Array,
    rsi_14: Array,
    settings: MultiTimeframeSettings,
) -> Array:
    """Signal of shape (n_bars,): 0 unless a trigger points the way the 4 h trend goes.

    Triggers: the close crosses `ema_20`; the RSI leaves its stretched zone. The trend is the
    spread of two 4 h averages (see `higher_spread`), ignored up to `min_spread`.
    """
    s = settings
    trend = np.where(np.abs(spread) > s.min_spread, np.sign(spread), 0.0)

    side = direction((close - ema_20) / close)
    side_before, rsi_before = shifted(side, 1), shifted(rsi_14, 1)
    crossed_up = (side > 0) & (side_before <= 0)
    crossed_down = (side < 0) & (side_before >= 0)
    left_low = (rsi_before <= s.rsi_low) & (rsi_14 > s.rsi_low)
    left_high = (rsi_before >= s.rsi_high) & (rsi_14 < s.rsi_high)
    to_buy, to_sell = crossed_up.astype(int) + left_low, crossed_down.astype(int) + left_high
    triggers = np.where(trend > 0, to_buy, to_sell)

    strength = np.minimum(np.abs(spread) / s.full_spread, 1.0)
    confidence = np.minimum(s.base + s.trend_scale * strength + s.per_trigger * triggers, 1.0)
    return opinion(trend * (triggers > 0), confidence, spread, side_before, rsi_before)


def higher_spread(closed_at: Times, close: Array, settings: MultiTimeframeSettings) -> Array:
    """(fast - slow average of 4 h closes) ÷ last 4 h close, as known when each 15 m bar closes.

    A 4 h close counts from its end on, so the one that ends with this very bar does and the one
    still forming does not. Both averages are exponential over the same finite window of
    `memory_spans` x `slow_span` closes with weights that add up to 1: an endless one would
    depend on where the history begins. The slow average so leaves out a weight of
    exp(-2 x memory_spans), 0.25 % at 3.

    Parameters
    ----------
    closed_at : int64 array of shape (n_bars,), epoch seconds
    close : array of shape (n_bars,)
    settings : MultiTimeframeSettings

    Returns
    -------
    array of shape (n_bars,), NaN until the window is full
    """
    period = (closed_at - BAR_SECONDS) // HIGHER_SECONDS
    last_of_period = np.flatnonzero(np.append(period[1:] != period[:-1], True))
    higher_close = close[last_of_period]
    ends = (period[last_of_period] + 1) * HIGHER_SECONDS

    n = settings.memory_spans * settings.slow_span
    spread = np.full(len(higher_close) + 1, np.nan)  # the first stands for "none closed yet"
    if len(higher_close) >= n:
        weights = _weights(settings.fast_span, n) - _weights(settings.slow_span, n)
        averaged = np.convolve(higher_close, weights, mode="valid")
        spread[n:] = averaged / higher_close[n - 1 :]
    return spread[ends.searchsorted(closed_at, side="right")]


def _weights(span: int, n: int) -> Array:
    """Exponential weights of `n` values, the latest first, adding up to 1."""
    weights = (1.0 - 2.0 / (span + 1.0)) ** np.arange(n)
    return np.asarray(weights / weights.sum())
