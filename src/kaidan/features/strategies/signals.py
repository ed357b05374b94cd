"""Strategy signals (features 58-62): the five opinions, from features that exist already."""

from kaidan.features.ohlcv import Columns
from kaidan.features.strategies.adx_trend_strength import adx_trend_strength
from kaidan.features.strategies.atr_based import atr_based
from kaidan.features.strategies.donchian_channel import donchian_channel
from kaidan.features.strategies.mochipoy_alert import mochipoy_alert
from kaidan.features.strategies.multi_timeframe import multi_timeframe
from kaidan.strategy_settings import StrategySettings


def strategy_signals(inputs: Columns, settings: StrategySettings) -> Columns:
    """Each signal of shape (n_bars,) in [-1, 1]: buy +, sell -, 0 = no opinion.

    Parameters
    ----------
    inputs : dict of arrays of shape (n_bars,)
        Technical features by name, and what only strategies read: `volatility_regime` and
        `higher_spread`, as the functions of these names give them.
    settings : StrategySettings
        Thresholds.
    """
    t = inputs
    return {
        "strategy_signal_ATRBased": atr_based(
            t["bb_position"], t["rsi_14"], t["volatility_regime"], settings.atr_based
        ),
        "strategy_signal_MochipoyAlert": mochipoy_alert(
            t["close"], t["ema_spread"], t["macd_hist"], settings.mochipoy_alert
        ),
        "strategy_signal_MultiTimeframe": multi_timeframe(
            t["higher_spread"], t["close"], t["ema_20"], t["rsi_14"], settings.multi_timeframe
        ),
        "strategy_signal_DonchianChannel": donchian_channel(
            t["close"], t, t["volume_ratio"], t["adx_14"], settings.donchian_channel
        ),
        "strategy_signal_ADXTrendStrength": adx_trend_strength(
            t["adx_14"], t["plus_di_14"], t["minus_di_14"], settings.adx_trend_strength
        ),
    }
