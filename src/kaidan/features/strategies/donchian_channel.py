"""DonchianChannel: go with a breakout that has volume, or fade the edges of a range."""

import numpy as np

from kaidan.features.ohlcv import Array, Columns
from kaidan.features.strategies.opinion import opinion
from kaidan.strategy_settings import DonchianChannelSettings


def donchian_channel(
    close: Array,
    channel: Columns,
    volume_ratio: Array,
    adx_14: Array,
    settings: DonchianChannelSettings,
) -> Array:
    """Signal of shape (n_bars,); `channel` holds the breakout features.

    A close outside the prior channel on raised volume is followed. Otherwise, when there is no
    trend, a close near or beyond an edge is faded, the more so the deeper it lies.
    """
    s = settings
    position = channel["channel_position"]
    side = (close > channel["donchian_high_20"]).astype(np.float64) - (
        close < channel["donchian_low_20"]
    )
    breakout = np.where(volume_ratio > s.min_volume_ratio, side, 0.0)
    surge = s.breakout_base + s.breakout_scale * (volume_ratio - s.min_volume_ratio)

    edge = s.range_edge
    in_range = adx_14 < s.range_max_adx
    fade = np.where(in_range, (position < edge) - (position > 1.0 - edge).astype(np.float64), 0.0)
    to_edge = np.minimum(position, 1.0 - position)
    depth = np.minimum(np.maximum((edge - to_edge) / edge, 0.0), 1.0)

    follows = breakout != 0.0
    action = np.where(follows, breakout, fade)
    confidence = np.where(
        follows, np.minimum(surge, s.breakout_cap), s.range_base + s.range_scale * depth
    )
    return opinion(action, confidence, position, volume_ratio, adx_14)
