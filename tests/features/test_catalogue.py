import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from kaidan.features.catalogue import (
    CATALOGUE,
    EMA_20,
    EMA_50,
    HIGHER_MEMORY,
    MACD_LINE,
    MACD_SIGNAL,
    REGIME_WINDOW,
    WILDER_14,
    WILDER_14_TWICE,
)
from kaidan.features.manager import FeatureManager
from kaidan.settings import load_settings

RAW_LEVELS = {
    *("close", "volume", "macd", "macd_signal", "macd_hist", "macd_hist_lag_1", "atr_14"),
    *("ema_20", "ema_50", "sma_20", "sma_200", "vwap_96", "donchian_high_20", "donchian_low_20"),
    *("usd_jpy", "nikkei_225", "us_10y_yield"),
}


def test_the_catalogue_is_the_contract_in_order():
    levels = load_settings().levels
    assert tuple(CATALOGUE) == levels.technical + levels.strategy + levels.macro
    assert all(name == feature.name for name, feature in CATALOGUE.items())


def test_each_group_is_as_large_as_the_specification_says():
    groups = [feature.group for feature in CATALOGUE.values()]
    assert {group: groups.count(group) for group in dict.fromkeys(groups)} == {
        "price": 9,
        "momentum": 8,
        "volatility": 8,
        "trend": 9,
        "breakout": 4,
        "regime": 4,
        "lags": 7,
        "time": 8,
        "strategy": 5,
        "macro": 8,
    }


def test_raw_levels_and_nothing_else_are_marked_as_not_stationary():
    levels = {name for name, feature in CATALOGUE.items() if not feature.stationary}
    assert levels == RAW_LEVELS


@pytest.mark.parametrize(
    ("bars", "decays"),
    [
        (WILDER_14, [13 / 14]),
        (WILDER_14_TWICE, [13 / 14, 13 / 14]),
        (EMA_20, [19 / 21]),
        (EMA_50, [49 / 51]),
        (MACD_LINE, [25 / 27]),
        (MACD_SIGNAL, [25 / 27, 8 / 10]),
    ],
)
def test_a_recursion_has_forgotten_all_but_a_billionth_after_its_look_back(bars, decays):
    weights = np.ones(1)
    for decay in decays:
        weights = np.convolve(weights, (1 - decay) * decay ** np.arange(2000))[:2000]
    older = weights[::-1].cumsum()[::-1]
    assert older[bars] < 1e-9 <= older[bars - 1]


def test_look_backs_that_follow_from_thresholds_agree_with_the_configuration():
    settings = load_settings()
    strategies = settings.training.strategies
    higher = strategies.multi_timeframe
    assert strategies.atr_based.regime_window_bars == REGIME_WINDOW
    assert higher.memory_spans * higher.slow_span * 16 == HIGHER_MEMORY
    assert all(f.look_back_bars <= settings.levels.warmup_bars for f in CATALOGUE.values())


def test_no_value_depends_on_a_bar_before_its_look_back(make_bars):
    # Twice the warm-up, so that the changed bars before the longest look-back still are some.
    manager = FeatureManager()
    bars = make_bars(6000)
    names = [name for name in CATALOGUE if CATALOGUE[name].group != "macro"]
    wanted = manager.generate_features(bars)[names].iloc[-1]
    for reach in sorted({CATALOGUE[name].look_back_bars for name in names}):
        changed = bars.copy()
        changed.iloc[: len(bars) - reach] *= 1.01
        changed["high"] = changed[["open", "high", "close"]].max(axis=1)
        changed["low"] = changed[["open", "low", "close"]].min(axis=1)
        got = manager.generate_features(changed)[names].iloc[-1]
        within = [name for name in names if CATALOGUE[name].look_back_bars <= reach]
        pd.testing.assert_series_equal(got[within], wanted[within], rtol=1e-6, atol=1e-9)


def test_reading_the_catalogue_loads_nothing_heavy():
    code = (
        "import sys, kaidan.features.catalogue; "
        "print({'talib', 'pandera', 'pandas', 'numpy'} & set(sys.modules))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "set()"
