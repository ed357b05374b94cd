"""Bar in, decision out: what a tick of the bot takes, and where the microseconds go.

Run: `python benchmarks/bot_tick.py [--ticks 20000] [--home HOME --data FILE --macro FILE]`. One
process on one core, with what the bot has in it and nothing else: the bars come from the bot's own
errands. Three levels are open and level 1 answers, with macro values, first without a shadow and
then with one; each tick is written to a journal on disk, and told on to log and metrics. Then the
naive way on evenly spread bars: pandas features of the last `warmup_bars` bars, `Ladder.predict`,
and no risk and no journal. Prints one JSON object; microseconds. The stages are timed inside the
same ticks, which costs each about 2 us.
"""

import gc
import json
import os
import time
from array import array
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import numpy as np
from bot_home import Ground, ground, parser, shadowed

from kaidan.bot.alerts.listener import Nobody
from kaidan.bot.desk import Desk
from kaidan.bot.health.metrics import Metrics
from kaidan.bot.health.pulse import Pulse
from kaidan.bot.herald import Herald
from kaidan.bot.journal import Journal, journal_file
from kaidan.bot.sources.events import Loaded, Told
from kaidan.bot.sources.macro_source import MacroSource
from kaidan.bot.sources.replay_source import ReplaySource
from kaidan.bot.tick import Decided, Tick
from kaidan.market.known_macro import KnownMacro
from kaidan.serving.cache import ModelCache
from kaidan.serving.ladder import Ladder
from kaidan.serving.live_ladder import LiveLadder
from kaidan.settings import Settings, load_settings

SETTLING = 500  # ticks before the first that counts
PAUSE_S = 0.02


def hear(made: Ground, settings: Settings, n: int) -> tuple[Loaded, list[Told], KnownMacro | None]:
    """The bot's own sources, until they have told `n` bars."""
    bars, macro = ReplaySource(made.data, settings), MacroSource(made.macro, settings)
    events, known = [], None
    while not macro.settled or (len(events) <= n and not bars.finished):
        now = datetime.now(UTC), time.monotonic()
        events += bars.poll(*now)
        for told in () if macro.settled else macro.poll(*now):
            known = told.known
        time.sleep(0 if events and macro.settled else PAUSE_S)
    return events[0], events[1:], known


class Stages:
    """Seconds in named calls, tick by tick."""

    def __init__(self) -> None:
        self.ticks: dict[str, array] = {}
        self._now: dict[str, float] = {}

    def watch(self, owner: object, name: str, stage: str) -> None:
        call = getattr(owner, name)

        @wraps(call)
        def timed(*positional: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return call(*positional, **named)
            finally:
                took = time.perf_counter() - began
                self._now[stage] = self._now.get(stage, 0.0) + took

        setattr(owner, name, timed)

    def next(self, **more: float) -> None:
        """The tick is over."""
        for stage, seconds in (self._now | more).items():
            self.ticks.setdefault(stage, array("d")).append(seconds)
        self._now.clear()


def quantiles(seconds: array) -> dict[str, float]:
    times = 1e6 * np.array(seconds)[SETTLING:]
    found = {f"p{share:g}": np.quantile(times, share / 100) for share in (50, 99, 99.9)}
    return {name: round(float(us), 1) for name, us in (found | {"max": times.max()}).items()}


def run(
    ladder: LiveLadder,
    settings: Settings,
    heard: tuple[Loaded, list[Told], KnownMacro | None],
    name: str,
) -> tuple[dict[str, Any], dict[Any, Decided]]:
    """All ticks, as the bot's loop takes them."""
    loaded, bars, macro = heard
    stages, decisions = Stages(), {}
    with Journal.open(journal_file(name), identity={"source": "benchmark"}) as journal:
        pulse = Pulse(settings.bot.health.max_silence_seconds)
        herald = Herald(settings, journal, Nobody(), pulse, Metrics(pulse), each_bar=False)
        desk = Desk(settings)
        tick = Tick(settings, ladder, journal, desk)
        for owner, call, stage in (
            (tick.stream, "push", "stream"),
            (tick.stream, "row", "stream"),
            (ladder, "predict", "ladder"),
            (desk, "on_bar", "desk"),
            (desk, "state", "journal"),
            (ladder, "state", "journal"),
            (journal, "write", "journal"),
            (herald, "decided", "herald"),
            (journal, "tidy", "tidy"),
        ):
            stages.watch(owner, call, stage)
        tick.load(loaded.history)
        tick.set_macro(macro)
        gc.collect()
        began = time.perf_counter()
        for told in bars:
            worked = time.thread_time()
            decided = tick.hear(told)
            worked = time.thread_time() - worked
            herald.decided(decided)
            journal.tidy()
            stages.next(
                tick=decided.seconds, worked=worked, decision=1e-6 * decided.entry.latency_us
            )
            decisions[told.bar.time] = decided.entry.prediction
        lasted = time.perf_counter() - began
    took = stages.ticks
    parts = np.sum([took[stage] for stage in ("stream", "ladder", "desk", "journal")], axis=0)
    took["tick_less_these"] = array("d", np.array(took["tick"]) - parts)
    levels = [said.level for said in decisions.values()]
    return {
        "ticks": len(bars) - SETTLING,
        "answered_by_level_1": levels.count(1),
        "tick": quantiles(took.pop("tick")),
        "tick_without_what_others_take_of_the_core": quantiles(took.pop("worked")),
        "of_it_until_the_decision": quantiles(took.pop("decision")),
        "stages": {stage: quantiles(seconds) for stage, seconds in took.items()},
        "ticks_a_second": round(len(bars) / lasted),
    }, decisions


def runtime_of_one_row(ladder: Ladder) -> dict[str, float]:
    """The open graph of level 1 alone; which row it is asked for hardly matters to trees."""
    runtime = ladder.loaded[1]
    values = np.random.default_rng(7).normal(size=(1, len(runtime.features))).astype(np.float32)
    took = array("d")
    for _ in range(5_000):
        began = time.perf_counter()
        runtime.predict(values)
        took.append(time.perf_counter() - began)
    return quantiles(took)


def naive(
    made: Ground, settings: Settings, ladder: Ladder, decisions: dict[Any, Any], n: int
) -> dict[str, Any]:
    """Features of the last `warmup_bars` bars from pandas, for `n` of the same ticks."""
    from kaidan.features.manager import FeatureManager
    from kaidan.market.source import load_bars, load_macro

    bars = load_bars(made.data, days=None, home=made.home)
    macro = load_macro(made.macro, bars_uri=made.data, home=made.home)
    manager, warmup = FeatureManager(settings), settings.levels.warmup_bars
    times = list(decisions)
    ends = bars.index.get_indexer([times[int(i)] for i in np.linspace(0, len(times) - 1, n)]) + 1
    took, farthest, others = array("d"), 0.0, 0
    for end in ends:
        began = time.perf_counter()
        row = manager.generate_features(bars.iloc[end - warmup : end], macro=macro).iloc[-1]
        said = ladder.predict(row)
        took.append(time.perf_counter() - began)
        ours = decisions[bars.index[end - 1]]
        others += (said.signal, said.level) != (ours.signal, ours.level)
        gaps = np.abs(np.subtract(said.probabilities, ours.probabilities))
        farthest = max(farthest, float(gaps.max()))
    return {
        "ticks": n,
        "tick": {
            f"p{share}": round(1e6 * float(np.quantile(took, share / 100)), 1) for share in (50, 99)
        },
        "answers_that_differ": others,
        "largest_difference_of_a_probability": farthest,
    }


def measure(made: Ground, n_ticks: int, n_naive: int) -> dict[str, Any]:
    settings = load_settings()
    heard = hear(made, settings, n_ticks + SETTLING)
    one_core()
    cache = ModelCache(made.home)
    index = cache.index()
    found: dict[str, Any] = {"data": made.data, "macro": made.macro}
    for name, wanted in (("shadow_off", False), ("shadow_on", True)):
        cache.write(shadowed(index, wanted=wanted))
        ladder = Ladder.from_cache(settings)
        live = LiveLadder(ladder, climb_after_bars=settings.bot.ladder.climb_after_bars)
        found[name], decisions = run(live, settings, heard, name)
    found["runtime_of_one_row"] = runtime_of_one_row(ladder)
    found["naive"] = naive(made, settings, ladder, decisions, n_naive)
    for share in ("p50", "p99"):
        slow, fast = found["naive"]["tick"][share], found["shadow_off"]["tick"][share]
        found[f"ratio_{share}"] = round(slow / fast, 1)
    return found


def one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--ticks", type=int, default=20_000)
    arguments.add_argument("--naive-ticks", type=int, default=300)
    given = arguments.parse_args()
    with ground(given) as made:
        os.environ["KAIDAN_HOME"] = str(made.home)
        print(json.dumps(measure(made, given.ticks, given.naive_ticks), indent=2))


if __name__ == "__main__":
    main()
