"""How a strategy states its opinion: action x confidence in [-1, 1], 0 = none, NaN = unknown."""

import numpy as np

from kaidan.features.ohlcv import Array

# Averages of a flat price differ from it by rounding (about 1e-15 of the price), and the sign of
# rounding is no opinion. Real differences are above 1e-8.
ROUNDING = 1e-12


def direction(share_of_price: Array) -> Array:
    """+1, -1, or 0 where `share_of_price` is no more than rounding; NaN stays NaN."""
    return np.sign(np.where(np.abs(share_of_price) <= ROUNDING, 0.0, share_of_price))


def opinion(action: Array, confidence: Array, *inputs: Array) -> Array:
    """Multiply action and confidence; NaN wherever one of the `inputs` is still warming up.

    A comparison with NaN is false, so without this a rule would turn "unknown yet" into 0,
    "no opinion".
    """
    unknown = np.isnan(sum(inputs[1:], inputs[0]))
    return np.where(unknown, np.nan, action * confidence)
