"""One JSON object: seconds for the 70 features, of all bars and of one.

The five signals, over all bars at once and bar by bar on the 100 bars that end with each, with the
same functions; and one bar more through the stream against batch over the warm-up, in turns.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from kaidan.features.breakout import donchian
from kaidan.features.manager import FeatureManager
from kaidan.features.ohlcv import Columns, as_ohlcv
from kaidan.features.price import volume_ratio
from kaidan.features.recursive import recursive_features
from kaidan.features.strategies.atr_based import volatility_regime
from kaidan.features.strategies.multi_timeframe import higher_spread
from kaidan.features.strategies.signals import strategy_signals
from kaidan.features.volatility import bollinger
from kaidan.market.bar import COLUMNS, each_bar
from kaidan.market.bars import BAR_LENGTH, check_bars
from kaidan.market.files import read_bars, read_macro
from kaidan.market.known_macro import KnownMacro
from kaidan.market.sample import sample_bars, sample_macro
from kaidan.settings import load_settings
from kaidan.strategy_settings import StrategySettings

WINDOW = 100


def signals(bars: pd.DataFrame, settings: StrategySettings) -> Columns:
    """The five signals of checked bars, and nothing that they do not read."""
    ohlcv = as_ohlcv(bars)
    closed_at = (pd.DatetimeIndex(bars.index) + BAR_LENGTH).as_unit("s").asi8
    recursive = recursive_features(ohlcv)
    inputs = {
        "close": ohlcv.close,
        **volume_ratio(ohlcv),
        **recursive,
        **bollinger(ohlcv),
        **donchian(ohlcv),
        "volatility_regime": volatility_regime(recursive["natr_14"], settings.atr_based),
        "higher_spread": higher_spread(closed_at, ohlcv.close, settings.multi_timeframe),
    }
    return strategy_signals(inputs, settings)


def one_bar(bars: pd.DataFrame, macro: pd.DataFrame | None, n: int) -> dict[str, float]:
    """One bar more, `n` times: pushed and a row taken, and every tenth time batch for that row."""
    manager = FeatureManager()
    warmup = load_settings().levels.warmup_bars
    start = len(bars) - n
    times = (pd.DatetimeIndex(bars.index)).as_unit("s").asi8
    stream = manager.stream()
    stream.set_macro(KnownMacro.from_frame(macro))
    stream.load(np.column_stack([times, bars[list(COLUMNS)]])[:start])
    live, batch, largest = [], [], 0.0
    for i, bar in enumerate(each_bar(bars.iloc[start:]), start=start + 1):
        begin = time.perf_counter()
        stream.push(bar)
        row = stream.row()
        live.append(time.perf_counter() - begin)
        if i % 10:
            continue
        begin = time.perf_counter()
        last = manager.generate_features(bars.iloc[i - warmup : i], macro).iloc[-1]
        batch.append(time.perf_counter() - begin)
        wanted = last.to_numpy()
        off = np.abs(np.array(list(row.values())) - wanted)
        largest = max(largest, np.nanmax(off / np.maximum(np.abs(wanted), 1e-6)))
    return {
        "one_bar_bars": n,
        "one_bar_p50_ms": round(float(np.percentile(live, 50)) * 1e3, 4),
        "one_bar_p99_ms": round(float(np.percentile(live, 99)) * 1e3, 4),
        "one_bar_batch_p50_ms": round(float(np.percentile(batch, 50)) * 1e3, 3),
        "one_bar_ratio": round(float(np.percentile(batch, 50) / np.percentile(live, 50)), 1),
        "one_bar_largest_relative_difference": float(f"{largest:.2g}"),
    }


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
    parser.add_argument("--live-bars", type=int, default=5000)
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
                **one_bar(bars, macro, arguments.live_bars),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
