"""ATRBased: fade an overstretched move, more or less surely by volatility regime."""

import numpy as np

from kaidan.features.ohlcv import Array
from kaidan.features.ratios import ratio
from kaidan.features.strategies.opinion import opinion
from kaidan.features.windows import mean
from kaidan.strategy_settings import AtrBasedSettings


def atr_based(
    bb_position: Array, rsi_14: Array, regime: Array, settings: AtrBasedSettings
) -> Array:
    """Signal of shape (n_bars,): band position and RSI vote against a stretched move.

    Two votes for the same side add up, one alone is discounted, opposed votes cancel. The sum is
    scaled by the regime (see `volatility_regime`).
    """
    s = settings
    # To buy and to sell, from each of the two: four votes by one rule.
    votes = _vote(
        np.array([bb_position, -bb_position, rsi_14, -rsi_14]),
        np.array([[s.band_low], [-s.band_high], [s.rsi_low], [-s.rsi_high]]),
        np.array([[s.band_low_full], [-s.band_high_full], [s.rsi_low_full], [-s.rsi_high_full]]),
        s,
    )
    band, rsi = votes[0] - votes[1], votes[2] - votes[3]
    agree, opposed = band * rsi > 0.0, band * rsi < 0.0
    together = np.sign(band) * np.minimum(np.abs(band + rsi), s.both_cap)
    vote = np.where(agree, together, np.where(opposed, 0.0, s.single_factor * (band + rsi)))

    factor = np.where(
        regime < s.regime_low,
        s.regime_low_factor,
        np.where(regime > s.regime_high, s.regime_high_factor, 1.0),
    )
    return opinion(vote, factor, vote, regime)


def volatility_regime(natr_14: Array, settings: AtrBasedSettings) -> Array:
    """`natr_14` against its own mean over `regime_window_bars`; 1 where nothing moved."""
    return ratio(natr_14, mean(natr_14, settings.regime_window_bars), neutral=1.0)


def _vote(value: Array, begin: Array, full: Array, settings: AtrBasedSettings) -> Array:
    """0 above `begin`; from there down to `full` linear from `vote_min` to `vote_max`."""
    strength = np.minimum(np.maximum((begin - value) / (begin - full), 0.0), 1.0)
    vote = settings.vote_min + (settings.vote_max - settings.vote_min) * strength
    return np.where(value <= begin, vote, 0.0)
