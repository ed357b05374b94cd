"""A file tick by tick through `kaidan bot`, and all at once: seconds, and every bar compared.

Run: `python benchmarks/bot_replay.py [--home HOME --data FILE --macro FILE]`. Tick by tick is the
real command in a process of its own, from its start to its end. All at once is pandas features,
`LiveLadder.predict_frame`, and the same risk manager and broker over its answers (they have a
memory, so they go bar by bar). Of the levels that were out it is compared which, and not the words:
in a frame a value that is too old is no value. Prints one JSON object. Wanted: no bar is decided
otherwise.
"""

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from bot_home import Ground, ground, parser
from decisions import Decision, compare, from_history, from_journal

from kaidan.bot.desk import Desk
from kaidan.bot.history import deal
from kaidan.bot.journal.reader import read_journal
from kaidan.features.manager import FeatureManager
from kaidan.market.bar import each_bar
from kaidan.market.gaps import bars_since_gap
from kaidan.market.source import load_bars, load_macro
from kaidan.serving.ladder import Ladder
from kaidan.serving.live_ladder import LiveLadder
from kaidan.serving.prediction import Prediction, Probabilities
from kaidan.settings import load_settings
from kaidan.signal import Signal


def tick_by_tick(made: Ground) -> dict[str, Any]:
    began = time.perf_counter()
    process = made.start(stderr=sys.stderr.buffer)
    said, _ = process.communicate()
    seconds = time.perf_counter() - began
    if process.returncode:
        sys.exit(f"kaidan bot: exit {process.returncode}")
    return {"seconds": round(seconds, 2), "said": json.loads(said)}


def all_at_once(made: Ground) -> tuple[dict[str, float], Iterator[Decision]]:
    settings = load_settings()
    bars = load_bars(made.data, days=None, home=made.home)
    macro = load_macro(made.macro, bars_uri=made.data, home=made.home)
    ladder = LiveLadder(
        Ladder.from_cache(settings), climb_after_bars=settings.bot.ladder.climb_after_bars
    )
    clock = [time.perf_counter()]
    features = FeatureManager(settings).generate_features(bars, macro=macro)
    clock.append(time.perf_counter())
    # The bot hears its first bar after `warmup_bars` of history.
    heard = bars.iloc[settings.levels.warmup_bars :]
    answers = ladder.predict_frame(features.loc[heard.index])
    clock.append(time.perf_counter())
    dealt = list(
        deal(
            heard,
            features,
            answers,
            Desk(settings),
            whole=bars_since_gap(bars),
            tradable=np.ones(len(heard), dtype=bool),
        )
    )
    clock.append(time.perf_counter())
    seconds = dict(zip(("features", "answers", "risk_and_broker"), np.diff(clock), strict=True))
    predictions = (
        Prediction(
            Signal[one.signal],
            one.confidence,
            Probabilities(one.p_sell, one.p_hold, one.p_buy),
            None if one.level is None else int(one.level),
        )
        for one in answers.astype({"level": object}).where(answers.notna(), None).itertuples()
    )
    levels_out = (
        [int(level) for level in re.findall(r"(?:^|; )level (\d+): ", said)]
        for said in answers["attempts"]
    )
    return seconds, map(from_history, each_bar(heard), predictions, levels_out, dealt)


def measure(made: Ground) -> dict[str, Any]:
    replay = tick_by_tick(made)
    seconds, decisions = all_at_once(made)
    with read_journal(made.journal) as journal:
        compared = compare(map(from_journal, journal.entries()), decisions)
    at_once = sum(seconds.values())
    return {
        "data": made.data,
        "macro": made.macro,
        "tick_by_tick_seconds": replay["seconds"],
        "all_at_once_seconds": {name: round(took, 2) for name, took in seconds.items()},
        "ratio": round(replay["seconds"] / at_once, 1),
        "compared": compared,
        "bot_said": {name: value for name, value in replay["said"].items() if name != "journal"},
    }


def main() -> None:
    given = parser(__doc__).parse_args()
    with ground(given) as made:
        os.environ["KAIDAN_HOME"] = str(made.home)
        print(json.dumps(measure(made), indent=2))


if __name__ == "__main__":
    main()
