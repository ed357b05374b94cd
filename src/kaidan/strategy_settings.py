"""Thresholds of the five strategy signals; they are part of the feature contract."""

from kaidan.frozen import Count, Frozen, Positive


class AtrBasedSettings(Frozen):
    """Thresholds of the ATRBased signal."""

    band_low: float
    band_low_full: float
    band_high: float
    band_high_full: float
    rsi_low: float
    rsi_low_full: float
    rsi_high: float
    rsi_high_full: float
    vote_min: float
    vote_max: float
    both_cap: float
    single_factor: float
    regime_window_bars: Count
    regime_low: float
    regime_low_factor: float
    regime_high: float
    regime_high_factor: float


class MochipoyAlertSettings(Frozen):
    """Thresholds of the MochipoyAlert signal."""

    rci_short_bars: Count
    rci_long_bars: Count
    three_base: float
    three_scale: float
    two_confidence: float


class MultiTimeframeSettings(Frozen):
    """Thresholds of the MultiTimeframe signal; spans in 4 h bars."""

    fast_span: Count
    slow_span: Count
    memory_spans: Count
    min_spread: float
    full_spread: Positive
    rsi_low: float
    rsi_high: float
    base: float
    trend_scale: float
    per_trigger: float


class DonchianChannelSettings(Frozen):
    """Thresholds of the DonchianChannel signal."""

    min_volume_ratio: float
    breakout_base: float
    breakout_scale: float
    breakout_cap: float
    range_max_adx: float
    range_edge: Positive
    range_base: float
    range_scale: float


class AdxTrendStrengthSettings(Frozen):
    """Thresholds of the ADXTrendStrength signal."""

    min_adx: float
    base: float
    adx_cap: float
    adx_scale: Positive
    di_cap: float
    di_scale: Positive
    cross_bonus: float
    cap: float


class StrategySettings(Frozen):
    """Thresholds of the five strategy signals. They are part of the feature contract."""

    atr_based: AtrBasedSettings
    mochipoy_alert: MochipoyAlertSettings
    multi_timeframe: MultiTimeframeSettings
    donchian_channel: DonchianChannelSettings
    adx_trend_strength: AdxTrendStrengthSettings
