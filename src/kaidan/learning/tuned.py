"""What a search tried, and what it found: plain values, whoever keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from kaidan.learning.members import Params


@dataclass(frozen=True)
class Trial:
    """Parameters that were tried.

    Attributes
    ----------
    number : int
        From 0, the configured parameters, without gaps.
    params : mapping
        Those that are searched.
    fold_losses : tuple of float, in nats a row
        Of all folds, or of those before it was given up.
    pruned : bool
        It was given up.
    """

    number: int
    params: Params
    fold_losses: tuple[float, ...]
    pruned: bool

    @property
    def loss(self) -> float:
        """Mean of the folds."""
        return float(np.mean(self.fold_losses))


class TrialLog(Protocol):
    """Where trials are kept, so that a search that was cut short goes on."""

    def finished(self, member: str) -> Sequence[Trial]:
        """Trials of a member so far, by number."""

    def record(self, member: str, trial: Trial, params: Params, seconds: float) -> None:
        """Keep a trial; `params` are all parameters of the member."""


@dataclass(frozen=True)
class Tuned:
    """A member's best parameters.

    Attributes
    ----------
    configured, params : mapping
        All parameters of the member: those it began with, and the best ones.
    configured_loss, loss : float, in nats a row
        Of both, on the same purged folds; the second is never more.
    n_complete, n_pruned : int, trials
    """

    configured: Params
    params: Params
    configured_loss: float
    loss: float
    n_complete: int
    n_pruned: int

    @classmethod
    def of(cls, trials: Sequence[Trial], configured: Params) -> "Tuned":
        """Choose the best of `trials`, the first of which has the configured parameters."""
        complete = [trial for trial in trials if not trial.pruned]
        best = min(complete, key=lambda trial: trial.loss)
        return cls(
            configured=configured,
            params={**configured, **best.params},
            configured_loss=trials[0].loss,
            loss=best.loss,
            n_complete=len(complete),
            n_pruned=len(trials) - len(complete),
        )

    @property
    def n_trials(self) -> int:
        """All trials."""
        return self.n_complete + self.n_pruned

    @property
    def changed(self) -> Params:
        """Parameters that differ from the configured ones."""
        return {k: v for k, v in self.params.items() if v != self.configured[k]}

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            "configured_log_loss": self.configured_loss,
            "log_loss": self.loss,
            "trials": {"complete": self.n_complete, "pruned": self.n_pruned},
            "params": dict(self.params),
            "changed": dict(self.changed),
        }
