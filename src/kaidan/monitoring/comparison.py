"""The live version against the one in its shadow, on the bars that both answered."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kaidan.errors import UsageError
from kaidan.evaluation.bootstrap import Interval
from kaidan.evaluation.scores import log_losses
from kaidan.monitoring.decisions import Decisions
from kaidan.monitoring.loss_differences import LossDifferences
from kaidan.monitoring.sequential_test import Evidence, wager_on_worse
from kaidan.settings import Settings


@dataclass(frozen=True)
class OneSide:
    """A version's answers to the bars that both answered and whose label is known.

    Attributes
    ----------
    version : int
    log_loss : float, in nats a bar
    hit_rate : float
        Share of bars on which what it thought most likely came true.
    better : Evidence
        That the other one is worse.
    """

    version: int
    log_loss: float
    hit_rate: float
    better: Evidence

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return vars(self) | {"better": self.better.to_dict()}


@dataclass(frozen=True)
class Comparison:
    """What live bars say of two versions of a level.

    Attributes
    ----------
    level : int
    live, shadow : OneSide
    n_bars : int
    difference : Interval
        Log-loss of the live version above the shadow's, in nats a bar.
    """

    level: int
    live: OneSide
    shadow: OneSide
    n_bars: int
    difference: Interval

    @property
    def verdict(self) -> str:
        """One sentence."""
        sides = (self.live, self.shadow)
        # Each has its own chance to be settled wrongly; that both are is possible, if things turn.
        settled = [side for side in sides if side.better.settled]
        if len(settled) == 2:
            return "each was better for a time: what holds now is not told by one number"
        if settled:
            (better,) = settled
            return (
                f"version {better.version} is better: e = {better.better.e_value:.3g} "
                f"at error rate {better.better.error_rate:g}"
            )
        ahead = min(sides, key=lambda side: side.log_loss)
        to_go = ahead.better.bars_to_go
        return "cannot be told yet: " + (
            f"about {to_go:,} more bars if version {ahead.version} stays as far ahead"
            if to_go is not None
            else f"version {ahead.version} is not far enough ahead to say when"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            "level": self.level,
            "n_bars": self.n_bars,
            "live": self.live.to_dict(),
            "shadow": self.shadow.to_dict(),
            "difference": vars(self.difference),
            "verdict": self.verdict,
        }


def compare_versions(decisions: Decisions, settings: Settings, level: int | None) -> Comparison:
    """Compare the newest pair of a live version and its shadow, on all bars that both answered.

    Parameters
    ----------
    decisions : Decisions
    settings : Settings
        Horizon of the label, and the error rate of the canary, which holds for each way.
    level : int or None
        None: that of the newest bar that has such a pair.

    Raises
    ------
    UsageError
        There is no such pair, or none of its labels is known yet.
    """
    paired = np.isfinite(decisions.shadow_probabilities).all(axis=1) & (decisions.version > 0)
    if level is not None:
        paired &= decisions.level == level
    rows = np.flatnonzero(paired)
    where = "" if level is None else f" at level {level}"
    if not len(rows):
        raise UsageError(
            f"no bar{where} was answered by a live version and a shadow; wanted some: "
            "ladder.shadow of bot.yaml names what the bot asks beside the live version"
        )
    newest = rows[-1]
    pair = (decisions.level, decisions.version, decisions.shadow_version)
    for values in pair:
        paired &= values == values[newest]
    found = decisions.take(paired)
    labelled = found.take(np.isfinite(found.labels))
    who, version, shadow = (int(values[newest]) for values in pair)
    horizon = settings.training.label.horizon_bars
    if not len(labelled):
        raise UsageError(
            f"level {who}: versions {version} and {shadow} have answered {len(found)} bars, and no "
            f"label is known yet; wanted more than {horizon} bars"
        )
    differences = LossDifferences.live_and_shadow(labelled)
    error_rate = settings.bot.monitoring.canary.error_rate
    came = labelled.labels.astype(np.int64)

    def side(number: int, said: Any, others: LossDifferences) -> OneSide:
        return OneSide(
            number,
            float(log_losses(came, said).mean()),
            float((said.argmax(axis=1) == came).mean()),
            wager_on_worse(others, horizon=horizon, error_rate=error_rate),
        )

    return Comparison(
        level=who,
        live=side(version, labelled.probabilities, differences.mirrored()),
        shadow=side(shadow, labelled.shadow_probabilities, differences),
        n_bars=len(labelled),
        difference=differences.mean(),
    )
