"""Puts a bot together from its plan, runs it, and takes it apart again."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime

from kaidan.bot.alerts.alerts import Alerts
from kaidan.bot.alerts.listener import Nobody
from kaidan.bot.alerts.opened import open_alerts
from kaidan.bot.health.metrics import Metrics
from kaidan.bot.health.pulse import Pulse
from kaidan.bot.health.server import HealthServer
from kaidan.bot.herald import Herald
from kaidan.bot.journal import Journal, journal_file
from kaidan.bot.keeper import Keeper
from kaidan.bot.plan import Plan
from kaidan.bot.run import Loop, Parts
from kaidan.bot.sources.exchange_source import ExchangeSource
from kaidan.bot.sources.macro_source import MacroSource
from kaidan.bot.sources.replay_source import ReplaySource
from kaidan.bot.summary import Summary
from kaidan.bot.tick import Decided, Tick
from kaidan.bot.watcher import Watcher
from kaidan.errors import KaidanError
from kaidan.home import kaidan_home
from kaidan.serving.ladder import Ladder
from kaidan.serving.live_ladder import LiveLadder
from kaidan.serving.rung import Rung
from kaidan.serving.steps import Steps
from kaidan.settings import Settings

_LAST_WORDS_SECONDS = 5.0

_log = logging.getLogger(__name__)


def run_bot(
    plan: Plan,
    settings: Settings,
    stop: threading.Event,
    *,
    on_decision: Callable[[Decided], None] = lambda _: None,
    on_length: Callable[[int], None] = lambda _: None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Summary:
    """Run a bot until its bars are at an end, or `stop` is set.

    Parameters
    ----------
    plan : Plan
    settings : Settings
    stop : Event
    on_decision : callable, optional
        Told of each decision, after it was written.
    on_length : callable, optional
        Told of a replay, with its first decision, how many there will be.
    clock : callable, optional
        The wall clock.

    Raises
    ------
    KaidanError
        The bot cannot begin, or not go on. What was decided is in the journal.
    """
    with ExitStack() as held:
        path = journal_file(plan.name)
        if plan.restart and (aside := Journal.restart(path)) is not None:
            _log.info("the journal so far is kept as %s", aside)
        identity = plan.identity(settings)
        journal = held.enter_context(Journal.open(path, identity=identity))
        last = journal.last_bar()
        # Bars and macro values are on their way while everything else is made ready.
        source = (ReplaySource if plan.replays else ExchangeSource)(
            plan.place, settings, after=last
        )
        held.callback(source.close)
        macro = MacroSource(plan.macro, settings)
        held.callback(macro.close)
        macro_told = macro.poll(clock(), time.monotonic())
        ladder = LiveLadder(
            Ladder.from_cache(settings), climb_after_bars=settings.bot.ladder.climb_after_bars
        )
        pulse = Pulse(settings.bot.health.max_silence_seconds)
        pulse.set(warmup_bars=settings.levels.warmup_bars)
        metrics = Metrics(pulse)
        people: Alerts | Nobody = Nobody()
        if not plan.replays:
            wait = _LAST_WORDS_SECONDS
            people = held.enter_context(
                open_alerts(plan.name, settings, kaidan_home(), wait_seconds=wait)
            )
        herald = Herald(settings, journal, people, pulse, metrics, each_bar=not plan.replays)
        keeper = None if plan.cached else Keeper(ladder, settings, config=plan.config)
        if keeper is not None and (plan.replays or not ladder.steps.confirmed_at):
            # A replay is asked for what is live now; a first start has nothing to begin with.
            _log.info("asking the registry what is live")
            herald.kept(keeper.look(stop), ladder.steps)
        else:
            herald.loaded(ladder.steps)
        tick = Tick(settings, ladder, journal)
        if plan.serves:
            server = held.enter_context(_server(settings, pulse, metrics, keeper))
            _log.info("health and metrics: %s/healthz, %s/metrics", server.url, server.url)
        summary = Summary(journal=path, n_before=journal.n_bars())

        def decided(one: Decided) -> None:
            summary.add(one)
            pulse.set(n_bars=tick.stream.n_bars)
            if isinstance(people, Alerts):
                for severity, n in people.undelivered.items():
                    metrics.undelivered.labels(severity.name).set(n)
            if isinstance(source, ReplaySource) and summary.n_decided == 1:
                on_length(1 + source.n_left)
            on_decision(one)

        loop = Loop(
            Parts(
                source=source,
                macro=macro,
                macro_told=macro_told,
                tick=tick,
                ladder=ladder,
                herald=herald,
                keeper=None if plan.replays else keeper,
                # What happened years ago moves nothing that is live.
                watcher=None
                if plan.replays or plan.cached
                else Watcher(path, settings, config=plan.config),
                beat=pulse.beat,
                tidy=journal.tidy,
            ),
            stop,
            once=plan.once,
            on_decision=decided,
            clock=clock,
        )
        _run(loop, herald, plan, ladder)
        if plan.replays:
            summary.learnt = _learnt(ladder.steps, summary)
    return summary


def _run(loop: Loop, herald: Herald, plan: Plan, ladder: LiveLadder) -> None:
    age = ladder.steps.confirmed_at
    known = f"the registry's word of {age}" if age else "no word of the registry yet"
    herald.began(f"{plan.name}: {plan.source} on paper, {known}")
    try:
        loop.run()
    except Exception as error:
        said = str(error) if isinstance(error, KaidanError) else f"{error!r:.200}, report it"
        herald.ended(f"{plan.name} stops: {said}", failed=True)
        raise
    why = "its bars are at an end" if loop.parts.source.finished else "as it was asked to"
    herald.ended(f"{plan.name} stops, {why}", failed=False)


def _learnt(steps: Steps, summary: Summary) -> tuple[str, ...]:
    """Which live versions have learnt from some of the bars that they answered."""
    if summary.first is None or summary.last is None:
        return ()
    found = []
    for level, step in steps.live.items():
        entry = step.entry if isinstance(step, Rung) else None
        if entry is None or entry.learnt_from is None or entry.learnt_until is None:
            continue
        first, last = map(datetime.fromisoformat, (entry.learnt_from, entry.learnt_until))
        if first <= summary.last and summary.first <= last:
            found.append(
                f"level {level} version {entry.version}: {first:%Y-%m-%d %H:%M} to "
                f"{last:%Y-%m-%d %H:%M}; kaidan backtest leaves them out"
            )
    return tuple(found)


def _server(
    settings: Settings, pulse: Pulse, metrics: Metrics, keeper: Keeper | None
) -> HealthServer:
    return HealthServer(
        settings.bot.health.host,
        settings.bot.health.port,
        pulse=pulse,
        metrics=metrics,
        refresh=lambda: None if keeper is None else keeper.soon(),
    )
