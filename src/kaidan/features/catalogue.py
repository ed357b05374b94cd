"""What each of the 70 features is, beyond its formula.

Whoever flags windows over gaps, watches drift or chooses inputs asks here, and so does serving:
nothing heavy is imported.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Feature:
    """One feature.

    Parameters
    ----------
    name : str
    group : str
        Where it comes from: price, momentum, volatility, trend, breakout, regime, lags, time,
        strategy or macro.
    look_back_bars : int
        Bars its value depends on, its own bar included; 0 when it reads no bar. A recursive
        indicator never quite forgets: its number is where less than 1e-9 of the weight is older.
    stationary : bool
        False for raw levels, which move with the price.
    """

    name: str
    group: str
    look_back_bars: int
    stationary: bool = True


# Bars after which less than 1e-9 of a recursion's weight is older.
WILDER_14 = 280
WILDER_14_TWICE = 323
EMA_20 = 208
EMA_50 = 519
MACD_LINE = 270
MACD_SIGNAL = 275
# Thresholds of config/training.yaml that lengthen a window.
REGIME_WINDOW = 96
HIGHER_MEMORY = 150 * 16

_FEATURES = (
    Feature("close", "price", 1, stationary=False),
    Feature("volume", "price", 1, stationary=False),
    Feature("volume_ratio", "price", 21),
    Feature("returns_1", "price", 2),
    Feature("returns_4", "price", 5),
    Feature("returns_16", "price", 17),
    Feature("returns_96", "price", 97),
    Feature("body_ratio", "price", 1),
    Feature("close_location", "price", 1),
    Feature("rsi_14", "momentum", WILDER_14 + 1),
    Feature("macd", "momentum", MACD_LINE, stationary=False),
    Feature("macd_signal", "momentum", MACD_SIGNAL, stationary=False),
    Feature("macd_hist", "momentum", MACD_SIGNAL, stationary=False),
    Feature("stoch_k", "momentum", 16),
    Feature("stoch_d", "momentum", 18),
    Feature("mfi_14", "momentum", 15),
    Feature("cci_20", "momentum", 20),
    Feature("atr_14", "volatility", WILDER_14 + 1, stationary=False),
    Feature("natr_14", "volatility", WILDER_14 + 1),
    Feature("bb_position", "volatility", 20),
    Feature("bb_width", "volatility", 20),
    Feature("zscore", "volatility", 20),
    Feature("volatility_16", "volatility", 17),
    Feature("volatility_96", "volatility", 97),
    Feature("parkinson_20", "volatility", 20),
    Feature("ema_20", "trend", EMA_20, stationary=False),
    Feature("ema_50", "trend", EMA_50, stationary=False),
    Feature("sma_20", "trend", 20, stationary=False),
    Feature("sma_200", "trend", 200, stationary=False),
    Feature("vwap_96", "trend", 96, stationary=False),
    Feature("ema_spread", "trend", EMA_50),
    Feature("close_to_sma_200", "trend", 200),
    Feature("close_to_vwap_96", "trend", 96),
    Feature("slope_20", "trend", 20),
    Feature("donchian_high_20", "breakout", 21, stationary=False),
    Feature("donchian_low_20", "breakout", 21, stationary=False),
    Feature("channel_position", "breakout", 21),
    Feature("channel_width", "breakout", 21),
    Feature("adx_14", "regime", WILDER_14_TWICE + 1),
    Feature("plus_di_14", "regime", WILDER_14 + 1),
    Feature("minus_di_14", "regime", WILDER_14 + 1),
    Feature("efficiency_ratio_20", "regime", 21),
    Feature("returns_1_lag_1", "lags", 3),
    Feature("returns_1_lag_2", "lags", 4),
    Feature("returns_1_lag_3", "lags", 5),
    Feature("volume_ratio_lag_1", "lags", 22),
    Feature("rsi_14_lag_1", "lags", WILDER_14 + 2),
    Feature("macd_hist_lag_1", "lags", MACD_SIGNAL + 1, stationary=False),
    Feature("natr_14_lag_4", "lags", WILDER_14 + 5),
    Feature("hour_sin", "time", 0),
    Feature("hour_cos", "time", 0),
    Feature("day_sin", "time", 0),
    Feature("day_cos", "time", 0),
    Feature("is_weekend", "time", 0),
    Feature("is_asia_session", "time", 0),
    Feature("is_europe_session", "time", 0),
    Feature("is_us_session", "time", 0),
    Feature("strategy_signal_ATRBased", "strategy", WILDER_14 + REGIME_WINDOW),
    Feature("strategy_signal_MochipoyAlert", "strategy", EMA_50),
    Feature("strategy_signal_MultiTimeframe", "strategy", HIGHER_MEMORY),
    Feature("strategy_signal_DonchianChannel", "strategy", WILDER_14_TWICE + 1),
    Feature("strategy_signal_ADXTrendStrength", "strategy", WILDER_14_TWICE + 2),
    Feature("usd_jpy", "macro", 0, stationary=False),
    Feature("nikkei_225", "macro", 0, stationary=False),
    Feature("us_10y_yield", "macro", 0, stationary=False),
    Feature("fear_greed_index", "macro", 0),
    Feature("usd_jpy_change_1d", "macro", 0),
    Feature("nikkei_change_1d", "macro", 0),
    Feature("usd_jpy_btc_correlation", "macro", 2881),
    Feature("market_sentiment", "macro", 0),
)

CATALOGUE: Mapping[str, Feature] = MappingProxyType(
    {feature.name: feature for feature in _FEATURES}
)
