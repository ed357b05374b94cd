"""What tuning bought, on bars that neither the search nor any model saw."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaidan.evaluation.bootstrap import Interval, block_bootstrap
from kaidan.evaluation.judged_fit import fit_judged
from kaidan.evaluation.scores import log_losses
from kaidan.learning.cross_validation import n_steps
from kaidan.learning.dataset import Dataset
from kaidan.learning.tuned_params import TunedParams, tuned_settings
from kaidan.settings import TrainingSettings

Progress = Callable[[str], None]


def gain_steps(settings: TrainingSettings) -> int:
    """How often `progress` is called by `holdout_gain`."""
    return 2 * (n_steps(settings) + len(settings.members.by_name))


def holdout_gain(
    dataset: Dataset,
    labels: pd.Series,
    settings: TrainingSettings,
    params: TunedParams,
    progress: Progress,
) -> Interval:
    """Log-loss of the configured ensemble less that of the tuned one, on the hold-out.

    Both are fitted on the development rows, and members that know nothing have no vote.

    Parameters
    ----------
    dataset : Dataset
    labels : Series
        Signals of all bars, by time.
    settings : TrainingSettings
    params : mapping of member to parameters
    progress : callable
        Told what was finished, after each fit.

    Returns
    -------
    Interval
        Nats a bar, of 95 %; above 0, tuning helped.
    """
    configured = _losses(dataset, labels, settings, lambda what: progress(f"configured, {what}"))
    tuned = _losses(
        dataset, labels, tuned_settings(settings, params), lambda what: progress(f"tuned, {what}")
    )
    return block_bootstrap(configured - tuned)


def _losses(
    dataset: Dataset, labels: pd.Series, settings: TrainingSettings, progress: Progress
) -> NDArray[np.float64]:
    ensemble, _ = fit_judged(dataset, labels, settings, progress)
    said = ensemble.predict_proba(dataset.features.iloc[dataset.holdout])
    return log_losses(dataset.y[dataset.holdout], said)
