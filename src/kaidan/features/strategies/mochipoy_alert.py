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
    climbing = (short > 0) & (long > 0) & (short > short_before) & (long > long_before)
    sinking = (short < 0) & (long < 0) & (short < short_before) & (long < long_before)
    rank_vote = climbing.astype(np.float64) - sinking

    votes = np.stack([direction(ema_spread), direction(macd_hist / close), rank_vote])
    balance = votes.sum(axis=0)
    opposed = (votes.max(axis=0) > 0) & (votes.min(axis=0) < 0)
    certainty = np.abs(short) / 100.0 * np.abs(long) / 100.0
    confidence = np.where(
        np.abs(balance) == 3,
        settings.three_base + settings.three_scale * certainty,
        np.where((np.abs(balance) == 2) & ~opposed, settings.two_confidence, 0.0),
    )
    return opinion(np.sign(balance), confidence, balance, long_before)
