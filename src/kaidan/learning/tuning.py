"""The search for better parameters: one study a member, on the purged folds.

Each trial has a seed of its own, so that a search that was cut short and goes on finds what it
would have found without the break.
"""

import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.trial import FrozenTrial, TrialState, create_trial

from kaidan.errors import SettingsError
from kaidan.learning.fold_losses import PurgedFolds
from kaidan.learning.tuned import Trial, TrialLog, Tuned
from kaidan.settings import TrainingSettings
from kaidan.tuning_settings import RangeSettings

Progress = Callable[[str], None]
Space = Mapping[str, BaseDistribution]


def share_of_time(ends_at: float, n_left: int) -> float:
    """End of the first of `n_left` jobs that share the time until `ends_at` (`time.monotonic`)."""
    now = time.monotonic()
    return now + (ends_at - now) / n_left


def tune_members(
    X: NDArray[np.float32],
    y: NDArray[np.int64],
    settings: TrainingSettings,
    n_trials: int,
    *,
    log: TrialLog,
    progress: Progress,
    ends_at: float = float("inf"),
) -> dict[str, Tuned]:
    """Search the parameters of every member for the smallest mean log-loss of the purged folds.

    Parameters
    ----------
    X : float32 array of shape (n_rows, n_inputs)
        Development rows in time order; no hold-out row belongs here.
    y : int array of shape (n_rows,)
        Signals that came true.
    settings : TrainingSettings
    n_trials : int
        Of each member, those in `log` included; the first has the configured parameters.
    log : TrialLog
    progress : callable
        Told of each trial, those in `log` included.
    ends_at : float, in seconds of `time.monotonic`
        No trial but a member's first starts later; members share the time that is left.

    Raises
    ------
    SettingsError
        A configured parameter lies outside its range.
    """
    spaces = {name: _space(name, settings) for name in settings.members.by_name}
    folds = PurgedFolds(X, y, settings)
    tuned: dict[str, Tuned] = {}
    for name, space in spaces.items():
        ends = share_of_time(ends_at, len(spaces) - len(tuned))
        search = _Search(name, space, folds, log)
        search.run(n_trials, ends, progress)
        tuned[name] = Tuned.of(search.trials, search.configured)
    return tuned


class _Search:
    """The study of one member."""

    def __init__(self, name: str, space: Space, folds: PurgedFolds, log: TrialLog) -> None:
        self.name, self.space, self.folds, self.log = name, space, folds, log
        self.configured = folds.settings.members.by_name[name].params
        self.trials: list[Trial] = []
        pruning = folds.settings.tuning.pruning
        with _quiet():
            self.study = optuna.create_study(
                pruner=optuna.pruners.WilcoxonPruner(
                    p_threshold=pruning.p_value, n_startup_steps=pruning.min_folds
                )
            )

    def run(self, n_trials: int, ends: float, progress: Progress) -> None:
        for trial in self.log.finished(self.name)[:n_trials]:
            self.study.add_trial(self._frozen(trial))
            self._keep(trial, n_trials, progress)
        while len(self.trials) < n_trials and (not self.trials or time.monotonic() < ends):
            self._keep(self._try(), n_trials, progress)

    def _keep(self, trial: Trial, n_trials: int, progress: Progress) -> None:
        self.trials.append(trial)
        best = self.study.best_value
        progress(f"{self.name}, trial {len(self.trials)} of {n_trials}, best {best:.4f}")

    def _try(self) -> Trial:
        started = time.monotonic()
        number = len(self.trials)
        if number == 0:
            self.study.enqueue_trial({name: self.configured[name] for name in self.space})
        with _quiet():
            self.study.sampler = self._sampler(number)
        asked = self.study.ask(dict(self.space))
        params = {**self.configured, **asked.params}
        losses: list[float] = []
        for loss in self.folds.losses(self.name, params):
            asked.report(loss, len(losses))
            losses.append(loss)
            if len(losses) < len(self.folds.folds) and asked.should_prune():
                break
        pruned = len(losses) < len(self.folds.folds)
        trial = Trial(number, dict(asked.params), tuple(losses), pruned)
        self.log.record(self.name, trial, params, time.monotonic() - started)
        if pruned:
            self.study.tell(asked, state=TrialState.PRUNED)
        else:
            self.study.tell(asked, trial.loss)
        return trial

    def _sampler(self, number: int) -> optuna.samplers.TPESampler:
        settings = self.folds.settings
        (seed,) = np.random.SeedSequence([settings.seed, number]).generate_state(1).tolist()
        return optuna.samplers.TPESampler(
            seed=seed, multivariate=True, n_startup_trials=settings.tuning.startup_trials
        )

    def _frozen(self, trial: Trial) -> FrozenTrial:
        return create_trial(
            state=TrialState.PRUNED if trial.pruned else TrialState.COMPLETE,
            value=None if trial.pruned else trial.loss,
            params=dict(trial.params),
            distributions=dict(self.space),
            intermediate_values=dict(enumerate(trial.fold_losses)),
        )


def _space(name: str, settings: TrainingSettings) -> dict[str, BaseDistribution]:
    ranges: Mapping[str, RangeSettings] = getattr(settings.tuning.spaces, name)
    configured = settings.members.by_name[name].params
    for param, wanted in ranges.items():
        value = configured.get(param)
        if type(value) is not type(wanted.low) or not wanted.low <= value <= wanted.high:
            raise SettingsError(
                f"members.{name}.params.{param} got {value}, wanted {wanted.low} to {wanted.high}: "
                f"it is the first trial; change it or tuning.spaces.{name}.{param}"
            )
    return {param: _distribution(wanted) for param, wanted in ranges.items()}


def _distribution(wanted: RangeSettings) -> BaseDistribution:
    if isinstance(wanted.low, int) and isinstance(wanted.high, int):
        return IntDistribution(wanted.low, wanted.high, log=wanted.log)
    return FloatDistribution(wanted.low, wanted.high, log=wanted.log)


@contextmanager
def _quiet() -> Iterator[None]:
    # Optuna tells of every study that it was made, and of pruner and sampler that they may change.
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)
