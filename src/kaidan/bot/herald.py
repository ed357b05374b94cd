"""Tells what happened to whoever should know: the log, the metrics, the health page, people."""

import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from kaidan.bot.alerts.listener import Listener
from kaidan.bot.alerts.severity import Severity
from kaidan.bot.health.metrics import Metrics, reason_kind
from kaidan.bot.health.pulse import Pulse
from kaidan.bot.journal import Journal, JournalError
from kaidan.bot.keeper import Kept
from kaidan.bot.sources.events import Trouble
from kaidan.bot.tick import Decided
from kaidan.bot.watcher import Looked
from kaidan.market.bar import ONE_BAR
from kaidan.market.known_macro import MACRO_COLUMNS
from kaidan.serving.prediction import Prediction
from kaidan.serving.rung import Rung
from kaidan.serving.steps import Steps
from kaidan.settings import Settings
from kaidan.trading.position import Trade

# What a person must know of, and how soon; the other vetoes are everyday life.
_GRAVE_VETOES = {
    "drawdown_pause": Severity.critical,
    "equity_gone": Severity.critical,
    "loss_pause": Severity.warning,
}
# Without bars nothing is watched; a registry may be down for a while.
_GRAVE_TROUBLES = {"exchange": Severity.critical, "bar": Severity.critical}
# What a source of bars may have had before a restart, and what risk may have paused.
_OF_BARS = ("exchange", "bar", "history", "candles", "scale", "clock", *_GRAVE_VETOES)

_log = logging.getLogger(__name__)


class Herald:
    """Tells.

    Parameters
    ----------
    settings : Settings
    journal : Journal
        Gets a note of what happens between bars.
    people : Listener
    pulse : Pulse
    metrics : Metrics
    each_bar : bool
        Whether the log is told of every decision, or only of what changes.
    """

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        people: Listener,
        pulse: Pulse,
        metrics: Metrics,
        *,
        each_bar: bool,
    ) -> None:
        self._max_model_age = timedelta(days=settings.bot.ladder.max_model_age_days)
        self._levels = settings.bot.ladder.levels
        self._journal = journal
        self._people = people
        self._pulse = pulse
        self._metrics = metrics
        self._decision_log = logging.INFO if each_bar else logging.DEBUG
        self._troubles: dict[str, str] = {}
        self._highest = 1.0

    def decided(self, decided: Decided) -> None:
        """A new bar was decided on."""
        entry, account = decided.entry, decided.dealt.account
        answer = entry.prediction
        self._metrics.bars.labels("new").inc()
        self._metrics.tick_seconds.observe(decided.seconds)
        self._count(answer, decided)
        self._highest = max(self._highest, account.equity_share)
        self._metrics.equity.set(account.equity_share)
        self._metrics.drawdown.set(1.0 - account.equity_share / self._highest)
        self._metrics.position.set(account.side * account.position_share)
        self._level(answer)
        self._pulse.set(
            closed_at=entry.bar.time + ONE_BAR,
            decided_at=entry.decided_at,
            level=answer.level,
            signal=answer.signal.name,
            confidence=answer.confidence,
        )
        self._settle_old(*_OF_BARS)
        self._pauses(dict(decided.dealt.verdict.vetoes))
        for trade in decided.dealt.executed.trades:
            self._trade(trade, account.equity_share)
        _log.log(
            self._decision_log,
            "bar of %s: %s with confidence %.3f from %s, %s",
            f"{entry.bar.time:%Y-%m-%d %H:%M}",
            answer.signal.name,
            answer.confidence,
            _named(answer.level),
            str(decided.dealt.verdict).partition("\n")[0],
            extra={
                "bar": entry.bar.time.isoformat(),
                "signal": answer.signal.name,
                "level": answer.level,
                "version": entry.version,
                "vetoes": [veto.name for veto in decided.dealt.verdict.vetoes],
                "equity_share": account.equity_share,
                "tick_us": round(1e6 * decided.seconds),
            },
        )

    def again(self, arrival: str) -> None:
        """A bar came that decides nothing: a duplicate, a revision, a late one."""
        self._metrics.bars.labels(arrival).inc()

    def trouble(self, trouble: Trouble) -> None:
        """Something goes wrong, or no longer does."""
        if trouble.over:
            lasted = (trouble.until or trouble.since) - trouble.since
            self._over(trouble.kind, f"{trouble.kind} is well again after {_said(lasted)}")
        else:
            self._wrong(trouble.kind, trouble.text)

    def macro_told(self) -> None:
        """Macro values came; what went wrong with them was told before."""
        self._settle_old("macro", *(f"macro {name}" for name in MACRO_COLUMNS))

    def kept(self, kept: Kept, steps: Steps) -> None:
        """The registry was looked at."""
        self._metrics.refreshes.labels("failed" if kept.failures else "done").inc()
        kinds = ("registry", *(f"level {level}" for level in self._levels))
        for what in kinds:
            if what in self._troubles and what not in kept.failures:
                self._over(what, f"{what} is well again")
        for what, why in kept.failures.items():
            self._wrong(what, why)
        self._settle_old(*kinds)
        if kept.refresh is not None:
            for level, (old, new) in kept.refresh.swapped.items():
                self._metrics.swaps.labels(str(level)).inc()
                said = f"level {level}: version {new or 'none'} instead of {old or 'none'}"
                self._note("swap", said)
                self._people.tell(Severity.info, f"swap {level}", said)
        self.loaded(steps)

    def looked(self, looked: Looked) -> None:
        """The journal was looked at."""
        self._metrics.looks.labels("failed" if looked.failure else "done").inc()
        if looked.failure:
            self._wrong("monitoring", looked.failure)
            return
        if "monitoring" in self._troubles:
            self._over("monitoring", "monitoring is well again")
        self._settle_old("monitoring")
        for matter in looked.matters:
            if matter.severity is None:
                if matter.key in self._troubles:
                    self._over(matter.key, matter.text)
                self._settle_old(matter.key)
            else:
                self._wrong(matter.key, matter.text, matter.severity)

    def loaded(self, steps: Steps) -> None:
        """The ladder has these steps now."""
        rungs = {level: step for level, step in steps.live.items() if isinstance(step, Rung)}
        created = {
            level: datetime.fromisoformat(rung.entry.created_at)
            for level, rung in rungs.items()
            if rung.entry is not None and rung.entry.created_at is not None
        }
        self._pulse.set(
            versions={level: rung.version or 0 for level, rung in rungs.items()},
            model_created=created,
            confirmed_at=steps.confirmed_at and datetime.fromisoformat(steps.confirmed_at),
        )
        now = datetime.now(UTC)
        for level in self._levels:
            key, age = f"model age {level}", now - created.get(level, now)
            if age > self._max_model_age:
                self._people.tell(
                    Severity.warning,
                    key,
                    f"level {level}: its version is {_said(age)} old, more than "
                    f"{_said(self._max_model_age)}; train and promote a new one",
                )
            else:
                self._people.settle(key, f"level {level} has a younger version")

    def began(self, text: str) -> None:
        """The bot runs."""
        self._note("begin", text)
        self._people.settle("end", text)
        self._people.tell(Severity.info, "begin", text)

    def ended(self, text: str, *, failed: bool) -> None:
        """The bot stops."""
        self._people.tell(Severity.critical if failed else Severity.info, "end", text)
        with suppress(JournalError):  # it may be the very thing that failed
            self._note("end", text)

    def _count(self, answer: Prediction, decided: Decided) -> None:
        level = answer.level or 0
        self._metrics.decisions.labels(str(level), answer.signal.name).inc()
        self._metrics.level.set(level)
        self._metrics.confidence.set(answer.confidence)
        for name, share in answer.probabilities._asdict().items():
            self._metrics.probability.labels(name.upper()).set(share)
        for attempt in answer.attempts:
            self._metrics.attempts.labels(str(attempt.level), reason_kind(attempt)).inc()
        for veto in decided.dealt.verdict.vetoes:
            self._metrics.vetoes.labels(veto.name).inc()
        self._metrics.fills.inc(len(decided.dealt.executed.fills))

    def _level(self, answer: Prediction) -> None:
        before = self._pulse.facts
        if before.decided_at is not None and before.level == answer.level:
            return
        out = "; ".join(map(str, answer.attempts))
        said = f"{_named(answer.level)} answers" + (f" ({out})" if out else "")
        if answer.level == self._levels[0]:
            self._people.settle("level", said)
        else:
            severity = Severity.critical if answer.level is None else Severity.warning
            # A level is a matter of its own: from 2 to 3 is news, though 1 was out before.
            self._people.tell(severity, "level", said)
        if before.decided_at is not None:
            self._note("level", said)

    def _pauses(self, vetoes: dict[str, str]) -> None:
        for name, severity in _GRAVE_VETOES.items():
            if name in vetoes:
                self._wrong(name, vetoes[name], severity)
            elif name in self._troubles:
                self._over(name, f"{name} is over")

    def _trade(self, trade: Trade, equity_share: float) -> None:
        self._metrics.trades.labels(trade.reason.value).inc()
        said = (
            f"{trade.side.name} closed by {trade.reason.value}: {trade.net_return:+.2%} of the "
            f"equity, which is {equity_share:.4f} of its start"
        )
        _log.log(self._decision_log, said, extra={"trade": trade.to_dict()})
        self._people.tell(Severity.info, f"trade {trade.entry_time.isoformat()}", said)

    def _wrong(self, what: str, text: str, severity: Severity | None = None) -> None:
        if self._troubles.get(what) != text:
            if what not in self._troubles:
                self._note("trouble", f"{what}: {text}")
            self._troubles[what] = text
            self._metrics.trouble.labels(what).set(1)
            self._pulse.set(troubles=dict(self._troubles))
        found = severity or _GRAVE_TROUBLES.get(what, Severity.warning)
        self._people.tell(found, what, f"{what}: {text}")

    def _over(self, what: str, text: str) -> None:
        if self._troubles.pop(what, None) is not None:
            self._note("trouble over", text)
        self._metrics.trouble.labels(what).set(0)
        self._pulse.set(troubles=dict(self._troubles))
        self._people.settle(what, text)

    def _settle_old(self, *kinds: str) -> None:
        """Tell people that what they heard of before a restart is over, if it is."""
        for kind in kinds:
            if kind not in self._troubles:
                self._people.settle(kind, f"{kind} is well again")

    def _note(self, kind: str, text: str) -> None:
        _log.info("%s: %s", kind, text)
        self._journal.note(kind, text, datetime.now(UTC))


def _named(level: int | None) -> str:
    return "the dummy" if level is None else f"level {level}"


def _said(span: timedelta) -> str:
    seconds = span.total_seconds()
    for unit, length in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
