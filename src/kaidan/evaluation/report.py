"""Members, ensemble and baselines side by side, out of fold and on the hold-out."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaidan.evaluation.baselines import BASELINES, Known
from kaidan.evaluation.bootstrap import Interval, block_bootstrap
from kaidan.evaluation.scores import Scores, log_losses, score
from kaidan.learning.ensemble import ProductionEnsemble
from kaidan.learning.labels import previous_labels
from kaidan.settings import LabelSettings

Probabilities = NDArray[np.float64]
ENSEMBLE = "ensemble"


@dataclass(frozen=True)
class Judged:
    """All sources of probabilities on the same rows, none of which any of them was fitted on.

    Attributes
    ----------
    times : DatetimeIndex of shape (n_rows,)
    y : int array of shape (n_rows,)
    probabilities : dict of source to float array of shape (n_rows, 3)
        Sources are the members, `ensemble` and the baselines.
    """

    times: pd.DatetimeIndex
    y: NDArray[np.int64]
    probabilities: dict[str, Probabilities]

    @cached_property
    def scores(self) -> dict[str, Scores]:
        """Scores by source."""
        return {name: score(self.y, p) for name, p in self.probabilities.items()}

    @cached_property
    def skills(self) -> dict[str, Interval]:
        """Log-loss that the ensemble saves, by baseline, in nats a row; more is better."""
        own = log_losses(self.y, self.probabilities[ENSEMBLE])
        return {
            name: block_bootstrap(log_losses(self.y, self.probabilities[name]) - own)
            for name in BASELINES
        }

    def table(self) -> pd.DataFrame:
        """One row a source, the usual scores as columns."""
        columns = ["log_loss", "brier", "accuracy", "macro_f1", "weighted_f1", "mcc", "ece"]
        return pd.DataFrame(
            {name: {c: getattr(s, c) for c in columns} for name, s in self.scores.items()}
        ).T

    def to_metrics(self, prefix: str) -> dict[str, float]:
        """Flat metric names for MLflow: `prefix.source.score`, and skill with its interval."""
        metrics: dict[str, float] = {}
        for name, scores in self.scores.items():
            metrics |= scores.to_metrics(f"{prefix}.{name}")
        for baseline, skill in self.skills.items():
            metrics |= skill.to_metrics(f"{prefix}.skill_vs_{baseline}")
        return metrics


def known_before(labels: pd.Series, features: pd.DataFrame, label: LabelSettings) -> Known:
    """What the baselines may use of each row of `features`; `labels` are those of all bars."""
    previous = previous_labels(labels, label)
    return Known(
        previous.reindex(features.index).to_numpy(), features["natr_14"].to_numpy(dtype=np.float64)
    )


def judge_out_of_fold(
    ensemble: ProductionEnsemble, times: pd.DatetimeIndex, y: NDArray[np.int64], known: Known
) -> Judged:
    """Judge the test rows of all folds; each fold's baselines are fitted on its training part.

    Parameters
    ----------
    ensemble : ProductionEnsemble
        Fitted on the rows of `times`.
    times, y, known
        Time, signal that came true and free knowledge of those rows.
    """
    found = ensemble.out_of_fold_
    baselines = {
        name: np.concatenate(
            [
                fit(y[fold.training], known.take(fold.training), known.take(fold.test))
                for fold in found.folds
            ]
        )
        for name, fit in BASELINES.items()
    }
    sources = {**found.calibrated, ENSEMBLE: ensemble.out_of_fold_proba(), **baselines}
    return Judged(times[found.rows], y[found.rows], sources)


def judge_holdout(
    ensemble: ProductionEnsemble,
    features: pd.DataFrame,
    y: NDArray[np.int64],
    known: Known,
    training: slice,
    holdout: slice,
) -> Judged:
    """Judge rows after the development part, on which the baselines are fitted."""
    rows = features.iloc[holdout]
    members = ensemble.predict_members(rows)
    sources: dict[str, Probabilities] = {**members, ENSEMBLE: ensemble.combine(members)}
    for name, fit in BASELINES.items():
        sources[name] = fit(y[training], known.take(training), known.take(holdout))
    return Judged(pd.DatetimeIndex(rows.index), y[holdout], sources)
