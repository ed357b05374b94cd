"""Technical features that read a window of bars and forget the rest.

Batch gives them the whole history and live the tail that they look back on: one formula for both.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from kaidan.features.breakout import donchian
from kaidan.features.momentum import commodity_channel_index, money_flow_index, stochastic
from kaidan.features.ohlcv import Columns, Ohlcv
from kaidan.features.price import bar_shape, log_returns, volume_ratio
from kaidan.features.regime import efficiency_ratio
from kaidan.features.trend import log_slope, simple_mean, volume_weighted_mean
from kaidan.features.volatility import bollinger, parkinson, volatility


class Formula(NamedTuple):
    """Some features of the same bars.

    Parameters
    ----------
    look_back_bars : int
        Bars that its values depend on, their own included: the most that `CATALOGUE` names.
    columns : function of bars, to arrays of shape (n_bars,) by feature
    """

    look_back_bars: int
    columns: Callable[[Ohlcv], Columns]


FORMULAS = (
    Formula(1, bar_shape),
    Formula(97, log_returns),
    Formula(21, volume_ratio),
    Formula(18, stochastic),
    Formula(15, money_flow_index),
    Formula(20, commodity_channel_index),
    Formula(20, bollinger),
    Formula(17, partial(volatility, n=16)),
    Formula(97, partial(volatility, n=96)),
    Formula(20, parkinson),
    Formula(200, simple_mean),
    Formula(96, volume_weighted_mean),
    Formula(20, log_slope),
    Formula(21, donchian),
    Formula(21, efficiency_ratio),
)


def windowed_features(bars: Ohlcv) -> Columns:
    """Compute all of them, each of shape (n_bars,); NaN where the window is not full."""
    return {name: column for formula in FORMULAS for name, column in formula.columns(bars).items()}
