"""One JSON object: what a back-test costs on given bars, and what it finds.

`frozen`: the levels are trained on the first 180 days and then answer all bars after them; timed
are features, answers, engine and figure, not the training. `--walk-forward`: all levels are
trained again every 30 days, timed as a whole. User seconds count the work of all threads.
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pandas as pd

from kaidan.bot.backtest import LADDER, Backtest, backtest
from kaidan.bot.walk_forward import as_live, train_window, walk_forward
from kaidan.bot.walk_result import WalkResult
from kaidan.bot.walk_steps import plan_steps
from kaidan.evaluation import plots
from kaidan.features.manager import FeatureManager
from kaidan.learning.dataset import build_history
from kaidan.market.bar import BARS_PER_DAY
from kaidan.market.files import read_bars, read_macro
from kaidan.serving.ladder import Ladder
from kaidan.settings import load_settings

TRAIN_DAYS, TEST_DAYS = 180, 30

Result = TypeVar("Result")


def timed(work: Callable[[], Result]) -> tuple[Result, dict[str, float]]:
    wall, user = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_utime
    result = work()
    return result, {
        "wall_seconds": round(time.perf_counter() - wall, 1),
        "user_seconds": round(resource.getrusage(resource.RUSAGE_SELF).ru_utime - user, 1),
    }


def found(one: Backtest) -> dict[str, object]:
    performance = one.performances[LADDER]
    sharpe = performance.sharpe
    return {
        "n_judged": len(one.answers),
        "answered_by": one.shares,
        "total_return": {n: round(p.total_return, 4) for n, p in one.performances.items()},
        "n_trades": performance.n_trades,
        "sharpe": [round(value, 2) for value in (sharpe.estimate, sharpe.low, sharpe.high)],
        "max_drawdown": round(performance.max_drawdown, 4),
    }


def say(level: int, what: str) -> None:
    print(f"level {level}: {what}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="bars")
    parser.add_argument("--macro", type=Path, help="macro series (default: levels 2 and 3 only)")
    parser.add_argument("--walk-forward", action="store_true", help="time it, too; many minutes")
    arguments = parser.parse_args()
    bars = read_bars(arguments.data)
    macro = read_macro(arguments.macro) if arguments.macro else None
    settings = load_settings()
    levels = (2, 3) if macro is None else (1, 2, 3)
    days = len(bars) // BARS_PER_DAY + 1
    history = build_history(bars, macro, settings, days=days, source=arguments.data.name)
    steps = plan_steps(
        pd.DatetimeIndex(history.features.index),
        train_days=TRAIN_DAYS,
        test_days=TEST_DAYS,
        step_days=TEST_DAYS,
    )
    report: dict[str, object] = {"data": arguments.data.name, "bars": len(bars), "levels": levels}

    rungs = {}
    for level in levels:
        rungs[level] = as_live(*train_window(history, steps[0], level, settings), settings)
        say(level, "trained once")
    ladder = Ladder(rungs)

    def frozen() -> Backtest:
        features = FeatureManager(settings).generate_features(bars, macro=macro)
        answers = ladder.predict_frame(features.loc[steps[0].test_from :])
        done = backtest(bars, features, answers, settings, n_tried=1)
        plots.equity(done.times, done.curves, "frozen")
        _ = done.performances
        return done

    done, cost = timed(frozen)
    report["frozen"] = cost | found(done)
    if arguments.walk_forward:
        walked, cost = timed(lambda: walk_forward(history, steps, levels, settings, progress=say))
        answers = pd.concat([one.answers for one in walked])
        result = WalkResult(backtest(bars, history.features, answers, settings, n_tried=1), walked)
        skills = {
            level: {name: str(skill) for name, skill in judged.skills.items()}
            for level, judged in result.judged.items()
        }
        report["walk_forward"] = cost | {"steps": len(steps), "skill": skills} | found(result.done)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
