"""Members, ensemble and baselines side by side, out of fold and on the hold-out."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaidan.evaluation.baselines import BASELINES, Known
from kaidan.evaluation.bootstrap import Interval, block_bootstrap
from kaidan.evaluation.direction import direction_auc
from kaidan.evaluation.scores import Scores, log_losses, score
from kaidan.evaluation.standing import silent_by_fold, silent_members
from kaidan.learning.ensemble import ProductionEnsemble
from kaidan.learning.labels import previous_labels
from kaidan.learning.voting import decide
from kaidan.settings import LabelSettings
from kaidan.signal import CLASS_NAMES, N_CLASSES

Probabilities = NDArray[np.float64]
ENSEMBLE = "ensemble"
# Three levels retrained weekly are 156 looks a year: at 95 % four of them would cry "direction"
# over a coin; at 99.9 %, on simulated markets without any, one in four years or fewer did.
SURE = 0.999


@dataclass(frozen=True)
class Judged:
    """All sources of probabilities on the same rows, none of which any of them was fitted on.

    Attributes
    ----------
    times : DatetimeIndex of shape (n_rows,)
    y : int array of shape (n_rows,)
    probabilities : dict of source to float array of shape (n_rows, 3)
        Sources are the members, `ensemble` and the baselines.
    verdicts : int array of shape (n_rows,)
        What the ensemble answered: HOLD, too, where it was not sure enough.
    silent : tuple of str
        Members with a vote that do not beat the class prior on these rows.
    """

    times: pd.DatetimeIndex
    y: NDArray[np.int64]
    probabilities: dict[str, Probabilities]
    verdicts: NDArray[np.int64]
    silent: tuple[str, ...] = ()

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

    @cached_property
    def direction(self) -> Interval:
        """AUC of BUY against SELL among the bars that moved, with its 99.9 % interval."""
        return direction_auc(self.y, self.probabilities[ENSEMBLE], confidence=SURE)

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
        said = np.bincount(self.verdicts, minlength=N_CLASSES) / len(self.y)
        true = np.bincount(self.y, minlength=N_CLASSES)
        confidence = np.take_along_axis(
            self.probabilities[ENSEMBLE], self.verdicts[:, None], axis=1
        )
        most = true.max() / len(self.y)
        return (
            metrics
            | self.direction.to_metrics(f"{prefix}.direction_auc")
            | {f"{prefix}.said.{name}": float(said[c]) for c, name in enumerate(CLASS_NAMES)}
            | {
                f"{prefix}.said.most_common": float(said.max()),
                f"{prefix}.confidence_std": float(confidence.std()),
                f"{prefix}.least_class_rows": float(true.min()),
                # Who always says the commonest class is right on its rows and has recall 1.
                f"{prefix}.majority.weighted_f1": float(2 * most**2 / (1 + most)),
            }
        )


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

    A member is silent in a fold when it did not beat the class prior in the folds before it.

    Parameters
    ----------
    ensemble : ProductionEnsemble
        Fitted on the rows of `times`.
    times, y, known
        Time, signal that came true and free knowledge of those rows.
    """
    found = ensemble.out_of_fold_
    slices = found.fold_slices()
    baselines = {
        name: np.concatenate(
            [
                fit(y[fold.training], known.take(fold.training), known.take(fold.test))
                for fold in found.folds
            ]
        )
        for name, fit in BASELINES.items()
    }
    true = y[found.rows]
    weights = ensemble.settings.members.weights
    voters = {name: p for name, p in found.calibrated.items() if weights[name] > 0}
    silent = silent_by_fold(true, voters, baselines["prior"], slices)
    voted = np.concatenate(
        [
            ensemble.combine({n: p[rows] for n, p in found.calibrated.items()}, silent=names)
            for rows, names in zip(slices, silent, strict=True)
        ]
    )
    return Judged(
        times[found.rows],
        true,
        {**found.calibrated, ENSEMBLE: voted, **baselines},
        decide(voted, ensemble.confidence_threshold),
        silent_members(true, voters, baselines["prior"]),
    )


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
    return Judged(
        pd.DatetimeIndex(rows.index),
        y[holdout],
        sources,
        decide(sources[ENSEMBLE], ensemble.confidence_threshold),
    )
