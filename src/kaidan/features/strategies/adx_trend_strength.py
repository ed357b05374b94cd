"""ADXTrendStrength: follow a trend that is there and still gaining."""

import numpy as np

from kaidan.features.ohlcv import Array
from kaidan.features.strategies.opinion import opinion
from kaidan.features.windows import shifted
from kaidan.strategy_settings import AdxTrendStrengthSettings


def adx_trend_strength(
    adx_14: Array, plus_di_14: Array, minus_di_14: Array, settings: AdxTrendStrengthSettings
) -> Array:
    """Signal of shape (n_bars,): the side of the stronger directional indicator.

    Only while the ADX is at least `min_adx` and rising; surer with a higher ADX, with directional
    indicators further apart, and on the very bar where they cross.
    """
    s = settings
    lead = plus_di_14 - minus_di_14
    side, side_before = np.sign(lead), np.sign(shifted(lead, 1))
    adx_before = shifted(adx_14, 1)
    trending = (adx_14 >= s.min_adx) & (adx_14 > adx_before)
    confidence = (
        s.base
        + np.minimum(s.adx_cap, (adx_14 - s.min_adx) / s.adx_scale)
        + np.minimum(s.di_cap, np.abs(lead) / s.di_scale)
        + s.cross_bonus * (side != side_before)
    )
    return opinion(side * trending, np.minimum(confidence, s.cap), lead, adx_before)
