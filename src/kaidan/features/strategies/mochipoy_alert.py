"""MochipoyAlert: a Japanese chart method; trend, momentum and rank correlation have to agree."""

import numpy as np

from kaidan.features.ohlcv import Array
from kaidan.features.strategies.opinion import direction, opinion
from kaidan.features.strategies.rank_correlation import rank_correlation
from kaidan.features.windows import shifted
from kaidan.strategy_settings import MochipoyAlertSettings


def mochipoy_alert(
    close: Array, ema_spread: Array, macd_hist: Array, settings: MochipoyAlertSettings
) -> Array:
    """Signal of shape (n_bars,): three votes, of which none may be against the others.

    The votes are the signs of `ema_spread` and `macd_hist`, and the rank correlation over a short
    and a long window: both above 0 and rising, or both below 0 and falling.
    """
    short = rank_correlation(close, settings.rci_short_bars)
    long = rank_correlation(close, settings.rci_long_bars)
    short_before, long_before = shifted(short, 1), shifted(long, 1)
    short_rise, long_rise = short - short_before, long - long_before
    climbing = np.minimum(np.minimum(short, long), np.minimum(short_rise, long_rise)) > 0
    sinking = np.maximum(np.maximum(short, long), np.maximum(short_rise, long_rise)) < 0
    rank_vote = climbing.astype(np.float64) - sinking

    trend, momentum = direction(ema_spread), direction(macd_hist / close)
    balance = trend + momentum + rank_vote
    certainty = np.abs(short) / 100.0 * np.abs(long) / 100.0
    # Of three votes, a balance of 2 means two for and none against.
    agreed = np.abs(balance)
    confidence = np.where(
        agreed == 3,
        settings.three_base + settings.three_scale * certainty,
        np.where(agreed == 2, settings.two_confidence, 0.0),
    )
    return opinion(np.sign(balance), confidence, balance, long_before)
