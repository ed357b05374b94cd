"""The watch over a version that was just promoted, against the one it replaced."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaidan.bot.health.metrics import reason_kind
from kaidan.evaluation.bootstrap import Interval
from kaidan.monitoring.decisions import Decisions
from kaidan.monitoring.loss_differences import LossDifferences
from kaidan.monitoring.sequential_test import Evidence, wager_on_worse
from kaidan.settings import Settings


class Watch(StrEnum):
    """How far it has come."""

    watching = "watching"
    passed = "passed"
    fails = "fails"


@dataclass(frozen=True)
class CanaryVerdict:
    """What the watch says of a version now.

    Attributes
    ----------
    level, version, before : int
        The version that is watched, and the one that it is held against.
    verdict : Watch
    reason : str
        One sentence.
    evidence : Evidence
        That it is worse.
    difference : Interval or None
        Mean log-loss above that of the version before, in nats a bar; None before the first label.
    n_asked : int
        Bars on which it was asked: it answered, or could not by its own fault.
    failed_share : float
        Of them, those that it failed.
    """

    level: int
    version: int
    before: int
    verdict: Watch
    reason: str
    evidence: Evidence
    difference: Interval | None
    n_asked: int
    failed_share: float

    def __str__(self) -> str:
        return f"level {self.level} version {self.version}: {self.reason}"

    @property
    def fails(self) -> bool:
        """It is to be taken back."""
        return self.verdict is Watch.fails

    @property
    def n_bars(self) -> int:
        """Bars on which the two were compared."""
        return self.evidence.n_bars

    @property
    def e_value(self) -> float:
        """Evidence that it is worse; 1 is none."""
        return self.evidence.e_value

    @property
    def threshold(self) -> float:
        """The e-value at which it fails."""
        return self.evidence.threshold

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for an artifact."""
        return {
            "level": self.level,
            "version": self.version,
            "before": self.before,
            "verdict": self.verdict.value,
            "reason": self.reason,
            **self.evidence.to_dict(),
            "difference": self.difference and vars(self.difference),
            "n_asked": self.n_asked,
            "failed_share": self.failed_share,
        }

    def to_metrics(self) -> dict[str, float]:
        """Flat metric names for MLflow."""
        metrics = {
            "canary.e_value": self.e_value,
            "canary.n_bars": float(self.n_bars),
            "canary.failed_share": self.failed_share,
        }
        if self.difference is not None:
            metrics |= self.difference.to_metrics("canary.difference")
        return metrics


def check_canary(
    decisions: Decisions, *, level: int, version: int, before: int, settings: Settings
) -> CanaryVerdict:
    """Hold a version against the one it replaced, on the bars since it went live.

    It fails when it is settled that its log-loss is above that of `before`, which was asked in its
    shadow (`wager_on_worse`), or when it failed to answer too often by its own fault.

    Parameters
    ----------
    decisions : Decisions
        Since its promotion. What another version of the level answered at first, before the bot
        took this one over, does not count.
    level, version, before : int
    settings : Settings
    """
    canary = settings.bot.monitoring.canary
    horizon = settings.training.label.horizon_bars
    since = _since_it_is_live(decisions, level, version)
    watched = since.take(slice(0, canary.watch_bars))
    answered = (watched.level == level) & (watched.version == version)
    compared = watched.take(answered & (watched.shadow_version == before))
    differences = LossDifferences.live_and_shadow(compared)
    evidence = wager_on_worse(differences, horizon=horizon, error_rate=canary.error_rate)
    n_failed = int((~answered & _own_failures(watched, level)).sum())
    n_asked = int(answered.sum()) + n_failed
    failed_share = n_failed / n_asked if n_asked else 0.0
    difference = differences.mean() if differences.n_known else None
    said = (
        f"e = {evidence.e_value:.3g} of {evidence.threshold:g} that it is worse than version "
        f"{before}, by {difference or 'nothing known yet'} nats a bar on {differences.n_known} bars"
    )
    if failed_share > canary.max_failed_share and n_asked >= canary.least_bars:
        verdict = Watch.fails
        reason = (
            f"it failed on {n_failed} of {n_asked} bars ({failed_share:.1%}, at most "
            f"{canary.max_failed_share:.1%} are allowed)"
        )
    elif evidence.settled and evidence.n_bars >= canary.least_bars:
        verdict, reason = Watch.fails, f"it is worse than version {before}: {said}"
    elif len(since) >= canary.watch_bars + horizon:
        verdict, reason = Watch.passed, f"it passed its {canary.watch_bars} bars: {said}"
    else:
        verdict = Watch.watching
        reason = f"bar {len(watched)} of the {canary.watch_bars} of its watch: {said}"
    return CanaryVerdict(
        level, version, before, verdict, reason, evidence, difference, n_asked, failed_share
    )


def _since_it_is_live(decisions: Decisions, level: int, version: int) -> Decisions:
    of_level = decisions.level == level
    own = np.flatnonzero(of_level & (decisions.version == version))
    others = np.flatnonzero(of_level & (decisions.version != version))
    if len(own):
        others = others[others < own[0]]
    return decisions.take(slice(int(others[-1]) + 1 if len(others) else 0, None))


def _own_failures(decisions: Decisions, level: int) -> NDArray[np.bool_]:
    """Bars on which the model of a level failed, not what it was given."""
    return np.array(
        [
            any(one.level == level and reason_kind(one) == "model" for one in attempts)
            for attempts in decisions.attempts
        ],
        dtype=np.bool_,
    )
