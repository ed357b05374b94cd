"""All that a run measured about one level, as the numbers and sentences that it keeps."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from kaidan.evaluation.leak_check import LeakCheck
from kaidan.evaluation.performance import Performance, judge_replay
from kaidan.evaluation.report import Judged
from kaidan.learning.dataset import Dataset, History
from kaidan.learning.ensemble import ProductionEnsemble
from kaidan.learning.voting import shares
from kaidan.registry.bundle import Bundled
from kaidan.settings import Settings
from kaidan.signal import Signal
from kaidan.trading.contenders import contenders
from kaidan.trading.replay import Replay, replay

MODEL = "model"


@dataclass(frozen=True)
class Measures:
    """A trained level and everything that was asked of it.

    Attributes
    ----------
    dataset : Dataset
    ensemble : ProductionEnsemble
    out_of_fold, holdout : Judged
    bundle : Bundled
    leaks : LeakCheck
    replays : dict of contender to Replay
        `model` and whoever needs none, on the out-of-fold bars, after costs.
    n_tried : int
        Variants of this level that were ever judged, this one included.
    """

    dataset: Dataset
    ensemble: ProductionEnsemble
    out_of_fold: Judged
    holdout: Judged
    bundle: Bundled
    leaks: LeakCheck
    replays: dict[str, Replay]
    n_tried: int

    @cached_property
    def performances(self) -> dict[str, Performance]:
        """Each replay in numbers."""
        return {
            name: judge_replay(one, n_tried=self.n_tried if name == MODEL else 1)
            for name, one in self.replays.items()
        }

    def to_metrics(self) -> dict[str, float]:
        """Flat metric names for MLflow; the gates read them, and nothing else."""
        weights = shares(self.ensemble.weights_, self.ensemble.voting)
        return {
            **self.out_of_fold.to_metrics("oof"),
            **self.holdout.to_metrics("holdout"),
            **self.bundle.to_metrics(),
            **self.leaks.to_metrics(),
            **self.performances[MODEL].to_metrics("oof.backtest"),
            **self.performances["buy_and_hold"].to_metrics("oof.buy_and_hold"),
            **{f"weight.{name}": share for name, share in weights.items()},
        }


def replay_out_of_fold(
    out_of_fold: Judged, history: History, settings: Settings
) -> dict[str, Replay]:
    """Trade on the out-of-fold answers, and on what a trader has without a model.

    A bar without an answer (a gap is near, an input missing) is HOLD.
    """
    bars = history.bars.loc[out_of_fold.times[0] : out_of_fold.times[-1]]
    answers = pd.Series(out_of_fold.verdicts, index=out_of_fold.times)
    held = answers.reindex(bars.index, fill_value=int(Signal.HOLD)).to_numpy(dtype=np.int64)
    trading, label = settings.bot.trading, settings.training.label
    return {
        MODEL: replay(bars, held, trading, label),
        **contenders(bars, history.features, trading, label),
    }
