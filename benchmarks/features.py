"""One JSON object: seconds for the 70 features, and the five signals against bar by bar.

Both sides compute the signals and what they read with the same functions: over all bars at once,
and for each of `--slow-bars` evenly spread bars on the 100 bars that end with it; per bar.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from kaidan.features.breakout import breakout_features
from kaidan.features.manager import FeatureManager
from kaidan.features.momentum import macd, rsi
from kaidan.features.ohlcv import Columns, as_ohlcv
from kaidan.features.price import volume_ratio
from kaidan.features.regime import directional_movement
from kaidan.features.strategies.signals import strategy_signals
from kaidan.features.trend import exponential_means
from kaidan.features.volatility import average_true_range, bollinger
from kaidan.market.bars import BAR_LENGTH, check_bars
from kaidan.market.files import read_bars, read_macro
from kaidan.market.sample import sample_bars, sample_macro
from kaidan.settings import load_settings
from kaidan.strategy_settings import StrategySettings

WINDOW = 100


def signals(bars: pd.DataFrame, settings: StrategySettings) -> Columns:
    """The five signals of checked bars, and nothing that they do not read."""
    ohlcv = as_ohlcv(bars)
    inputs = {
        "close": ohlcv.close,
        "volume_ratio": volume_ratio(ohlcv),
        "rsi_14": rsi(ohlcv.close),
        **macd(ohlcv.close),
        **average_true_range(ohlcv),
        **bollinger(ohlcv.close),
        **exponential_means(ohlcv.close),
        **breakout_features(ohlcv),
        **directional_movement(ohlcv),
    }
    return strategy_signals(pd.DatetimeIndex(bars.index) + BAR_LENGTH, inputs, settings)


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Best of `repeats`: the rest is what else the machine was doing."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="bars (default: the sample, 400 days)")
    parser.add_argument("--macro", type=Path, help="macro series (default: none with --data)")
    parser.add_argument("--slow-bars", type=int, default=300)
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # one core for all threads

    if arguments.data:
        bars = read_bars(arguments.data)
        macro = read_macro(arguments.macro) if arguments.macro else None
    else:
        bars, macro = sample_bars(), sample_macro()
    strategies = load_settings().training.strategies
    manager = FeatureManager()
    ends = np.linspace(WINDOW, len(bars), arguments.slow_bars).astype(int)

    def bar_by_bar() -> None:
        for end in ends:
            signals(bars.iloc[end - WINDOW : end], strategies)

    fast = seconds(lambda: signals(bars, strategies), 5) / len(bars)
    slow = seconds(bar_by_bar, 3) / len(ends)
    print(
        json.dumps(
            {
                "data": str(arguments.data or "sample"),
                "bars": len(bars),
                "features_seconds": round(
                    seconds(lambda: manager.generate_features(bars, macro), 5), 4
                ),
                "check_bars_seconds": round(seconds(lambda: check_bars(bars), 5), 4),
                "signals_fast_bars": len(bars),
                "signals_fast_us_per_bar": round(fast * 1e6, 3),
                "signals_slow_bars": len(ends),
                "signals_slow_window_bars": WINDOW,
                "signals_slow_us_per_bar": round(slow * 1e6, 1),
                "signals_ratio": round(slow / fast),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
