"""What a walk forward has shown, over all of its steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from kaidan.bot.backtest import Backtest
from kaidan.bot.walk_forward import Walked
from kaidan.evaluation.report import Judged


@dataclass(frozen=True)
class WalkResult:
    """A back-test with retraining.

    Attributes
    ----------
    done : Backtest
        One account over all steps: positions cross a retraining as they would live.
    walked : tuple of Walked
    """

    done: Backtest
    walked: tuple[Walked, ...]

    @cached_property
    def judged(self) -> dict[int, Judged]:
        """Each level on the test bars of all steps; a level that answered none is left out."""
        found: dict[int, list[Judged]] = {}
        for one in self.walked:
            for level, judged in one.judged.items():
                found.setdefault(level, []).append(judged)
        return {level: pooled(judged) for level, judged in sorted(found.items())}

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            "mode": "walk-forward",
            **self.done.to_dict(),
            "steps": [one.to_dict() for one in self.walked],
            "skill": {
                level: {name: vars(skill) for name, skill in one.skills.items()}
                for level, one in self.judged.items()
            },
        }

    def to_metrics(self) -> dict[str, float]:
        """Flat metric names for MLflow: those of the back-test, and `level1.skill_vs_prior`, ..."""
        metrics = self.done.to_metrics()
        for level, judged in self.judged.items():
            metrics |= judged.to_metrics(f"level{level}")
        return metrics


def pooled(judged: Sequence[Judged]) -> Judged:
    """The test bars of several steps as one, in the order of the steps."""
    return Judged(
        times=pd.DatetimeIndex(pd.concat([one.times.to_series() for one in judged]).index),
        y=np.concatenate([one.y for one in judged]),
        probabilities={
            name: np.concatenate([one.probabilities[name] for one in judged])
            for name in judged[0].probabilities
        },
        verdicts=np.concatenate([one.verdicts for one in judged]),
    )
