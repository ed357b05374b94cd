"""Fit, judge out of fold, silence: one order for whoever trains, so that no step is forgotten."""

import pandas as pd

from kaidan.evaluation.report import Judged, judge_out_of_fold, known_before
from kaidan.learning.cross_validation import Progress
from kaidan.learning.dataset import Dataset
from kaidan.learning.ensemble import ProductionEnsemble
from kaidan.settings import TrainingSettings


def fit_judged(
    dataset: Dataset,
    labels: pd.Series,
    settings: TrainingSettings,
    progress: Progress | None = None,
) -> tuple[ProductionEnsemble, Judged]:
    """Fit an ensemble on the development rows; members that know nothing lose their vote.

    Parameters
    ----------
    dataset : Dataset
    labels : Series
        Signals of all bars that may be known, by time.
    settings : TrainingSettings
    progress : callable, optional
        Told what was finished, after each fit.

    Returns
    -------
    (ProductionEnsemble, Judged)
        The ensemble as it is served, and its out-of-fold predictions judged.

    Raises
    ------
    TrainingError
        Too few rows, or a constant feature.
    """
    rows = dataset.development
    y = dataset.y[rows]
    ensemble = ProductionEnsemble(settings).fit(dataset.features.iloc[rows], y, progress=progress)
    known = known_before(labels, dataset.features, settings.label).take(rows)
    judged = judge_out_of_fold(ensemble, dataset.times[rows], y, known)
    return ensemble.silence(judged.silent), judged
