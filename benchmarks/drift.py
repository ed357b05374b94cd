"""One JSON object: how often drift alarms on stationary quarters, and how soon after a break.

Each quarter comes after 180 days of training rows of the same market. Looks are an hour apart, as
the bot's; alarms less than a day apart are one. Answers are a fixed function of the row, so that
nothing need be trained. With --data: real bars, quarter after quarter.
"""

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kaidan.artifact.full_reference import full_reference
from kaidan.artifact.reference_answers import answer_columns
from kaidan.features.manager import FeatureManager
from kaidan.market.bar import BARS_PER_DAY
from kaidan.market.files import read_bars, read_macro
from kaidan.market.sample import sample_bars, sample_macro
from kaidan.monitoring.decisions import Decisions
from kaidan.monitoring.drift import check_drift
from kaidan.settings import load_settings

TRAIN, QUARTER = 180 * BARS_PER_DAY, 90 * BARS_PER_DAY
SETTINGS = load_settings().bot.monitoring.drift
EVERY = load_settings().bot.monitoring.every_bars
BREAK_FACTOR = 3.0


def break_regime(bars: pd.DataFrame, row: int) -> pd.DataFrame:
    """From a row on, let every bar move three times as far as it did."""
    prices = np.log(bars[["open", "high", "low", "close"]].to_numpy())
    before = np.concatenate([prices[:1, 3], prices[:-1, 3]])
    moves = (prices - before[:, None]) * np.where(np.arange(len(bars)) < row, 1, BREAK_FACTOR)[
        :, None
    ]
    closes = prices[0, 3] + np.cumsum(moves[:, 3])
    broken = bars.copy()
    broken[["open", "high", "low", "close"]] = np.exp(
        np.concatenate([closes[:1], closes[:-1]])[:, None] + moves
    )
    return broken


def answers(features: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Contrarian, surer the further the price is from its average."""
    far = features["zscore"].to_numpy()
    said = np.where(far > 1.2, 0, np.where(far < -1.2, 2, 1))
    return said, 0.4 + 0.4 * np.tanh(np.abs(np.abs(far) - 1.2))


def decided(features: pd.DataFrame) -> Decisions:
    n = len(features)
    said, confidence = answers(features)
    none, nothing = np.zeros(n, dtype=np.int64), np.full((n, 3), np.nan)
    bars = pd.DataFrame(np.ones((n, 5)), features.index)
    return Decisions(
        bars, none + 1, none + 1, said, confidence, nothing, none, nothing, ((),) * n, features,
        np.ones(n), np.full(n, np.nan),
    )  # fmt: skip


def reference_of(rows: pd.DataFrame) -> dict[str, Any]:
    said, confidence = answers(rows)
    return full_reference(rows, said, answer_columns(said, confidence))


def looks(reference: dict[str, Any], rows: Decisions, ends: np.ndarray) -> list[Any]:
    return [
        check_drift(reference, rows.take(slice(max(0, end - SETTINGS.window_bars), end)), SETTINGS)
        for end in ends
    ]


def episodes(alarmed: np.ndarray, every: int) -> int:
    """Alarms, of which those less than a day apart are one."""
    at = np.flatnonzero(alarmed) * every
    return int(len(at) and 1 + (np.diff(at) > BARS_PER_DAY).sum())


def quarter(
    features: pd.DataFrame, start: int, every: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Live through the quarter that begins at a row."""
    reference = reference_of(features.iloc[start - TRAIN : start])
    rows = decided(features.iloc[start : start + QUARTER])
    found = looks(reference, rows, np.arange(BARS_PER_DAY, len(rows) + 1, every))
    alarmed = np.array([bool(one.drifted) for one in found])
    worst = Counter(one.drifted[0].name for one in found if one.drifted)
    return reference, {
        "episodes": episodes(alarmed, every),
        "looks": len(found),
        "alarmed_looks": int(alarmed.sum()),
        "worst": dict(worst),
    }


def delay_after_break(
    reference: dict[str, Any], bars: pd.DataFrame, macro: pd.DataFrame, row: int
) -> int | None:
    """Bars from a break until it is told, at most a week; the version is live since a week."""
    week = 7 * BARS_PER_DAY
    broken = break_regime(bars, row).iloc[: row + week]
    features = FeatureManager().generate_features(broken, macro=macro).iloc[-2 * week :]
    ends = np.arange(week + EVERY, 2 * week + 1, EVERY)
    rows = decided(features)
    for end in ends:
        if looks(reference, rows, np.array([end]))[0].drifted:
            return int(end - week)
    return None


def simulated(n_quarters: int, n_breaks: int, every: int) -> dict[str, Any]:
    found, delays = [], []
    days = 310
    for seed in range(100, 100 + n_quarters):
        bars, macro = sample_bars(days, seed=seed), sample_macro(days, seed=seed)
        features = FeatureManager().generate_features(bars, macro=macro)
        reference, result = quarter(features, len(features) - QUARTER, every)
        found.append(result)
        for number in range(n_breaks):
            row = len(bars) - QUARTER + (number * 80 // max(n_breaks, 1) + 3) * BARS_PER_DAY
            delays.append(delay_after_break(reference, bars, macro, row + 37 * number))
    told = np.array([np.inf if delay is None else delay for delay in delays])
    return {
        "quarters": len(found),
        **totals(found),
        "breaks": len(delays),
        **{
            f"told_within_{name}": round(float((told <= bars).mean()), 3)
            for name, bars in (
                ("a_day", 96),
                ("two_days", 192),
                ("four_days", 384),
                ("a_week", 672),
            )
            if len(told)
        },
        "median_delay_bars": float(np.median(told)) if len(told) else None,
    }


def real(data: Path, macro_file: Path | None, every: int) -> dict[str, Any]:
    macro = read_macro(macro_file) if macro_file else None
    features = FeatureManager().generate_features(read_bars(data), macro=macro)
    starts = range(TRAIN, len(features) - QUARTER, QUARTER)
    found = [quarter(features, start, every)[1] for start in starts]
    return {"data": data.name, "quarters": len(found), **totals(found)}


def totals(found: list[dict[str, Any]]) -> dict[str, Any]:
    worst: Counter[str] = Counter()
    for one in found:
        worst.update(one["worst"])
    numbers = [one["episodes"] for one in found]
    return {
        "episodes_a_quarter": round(float(np.mean(numbers)), 2),
        "most_episodes_in_a_quarter": max(numbers),
        "episodes": numbers,
        "alarmed_looks_share": round(
            sum(one["alarmed_looks"] for one in found) / sum(one["looks"] for one in found), 4
        ),
        "worst_columns": dict(worst.most_common(8)),
    }


def cost() -> dict[str, float]:
    """Milliseconds of a look at a week, and kilobytes of a reference."""
    features = FeatureManager().generate_features(sample_bars(240), macro=sample_macro(240))
    reference = reference_of(features.iloc[:TRAIN])
    week = decided(features.iloc[-SETTINGS.window_bars :])
    times = []
    for _ in range(50):
        started = time.perf_counter()
        check_drift(reference, week, SETTINGS)
        times.append(time.perf_counter() - started)
    started = time.perf_counter()
    reference_of(features.iloc[:TRAIN])
    return {
        "week_p50_ms": round(1e3 * float(np.median(times)), 2),
        "week_p99_ms": round(1e3 * float(np.quantile(times, 0.99)), 2),
        "reference_seconds": round(time.perf_counter() - started, 3),
        "reference_kb": round(len(json.dumps(reference)) / 1e3, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quarters", type=int, default=20)
    parser.add_argument("--breaks", type=int, default=3, help="a quarter")
    parser.add_argument("--every", type=int, default=EVERY, help="bars between looks")
    parser.add_argument("--data", type=Path, help="real bars instead of the sample")
    parser.add_argument("--macro", type=Path)
    arguments = parser.parse_args()
    found = (
        real(arguments.data, arguments.macro, arguments.every)
        if arguments.data
        else simulated(arguments.quarters, arguments.breaks, arguments.every)
    )
    print(json.dumps({"error_rate": SETTINGS.error_rate, **found, **cost()}, indent=2))


if __name__ == "__main__":
    main()
