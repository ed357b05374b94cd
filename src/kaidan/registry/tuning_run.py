"""Tuning of levels: one MLflow run each, reopened by the command that goes on with it."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run

from kaidan.evaluation.bootstrap import Interval
from kaidan.evaluation.tuning_gain import gain_steps, holdout_gain
from kaidan.learning.dataset import Dataset, History
from kaidan.learning.inputs import input_names
from kaidan.learning.tuned import Tuned
from kaidan.learning.tuned_params import TunedParams
from kaidan.learning.tuning import share_of_time, tune_members
from kaidan.registry.run_log import Request
from kaidan.registry.runs import experiment_id
from kaidan.registry.store import store_errors
from kaidan.registry.tuning_log import PARENT, TuningLog, runs_tagged, study_keys
from kaidan.settings import Settings

TUNING = "kaidan.tuning"

Progress = Callable[[int, str], None]


@dataclass(frozen=True)
class TunedLevel:
    """A level after its search.

    Attributes
    ----------
    level : int
    run_id : str
        The run that its trials are below.
    members : dict of member name to Tuned
    gain : Interval or None
        What the best parameters bought on the hold-out, in nats a bar; None when that was not
        asked for, or no parameter changed.
    n_holdout : int, in bars
    """

    level: int
    run_id: str
    members: dict[str, Tuned]
    gain: Interval | None
    n_holdout: int

    @property
    def params(self) -> TunedParams:
        """Best parameters by member, for training."""
        return {name: tuned.params for name, tuned in self.members.items()}

    @property
    def changed(self) -> bool:
        """The search found better parameters for a member, on the folds."""
        return any(tuned.changed for tuned in self.members.values())

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            "level": self.level,
            "run_id": self.run_id,
            "members": {name: tuned.to_dict() for name, tuned in self.members.items()},
            "holdout": None if self.gain is None else {"n_bars": self.n_holdout, **vars(self.gain)},
        }


def tuning_steps(settings: Settings, n_trials: int, *, judged: bool) -> int:
    """How often `progress` is called for one level, when time allows all trials."""
    trials = n_trials * len(settings.training.members.by_name)
    return trials + (gain_steps(settings.training) if judged else 0)


def tune_levels(
    levels: tuple[int, ...],
    history: History,
    request: Request,
    settings: Settings,
    *,
    data_sha256: str,
    progress: Progress,
    judged: bool,
    timeout_s: float = float("inf"),
) -> list[TunedLevel]:
    """Search the members' parameters of levels, on their development rows.

    Parameters
    ----------
    levels : tuple of int
    history : History
    request : Request
        `request.trials` of each member, earlier ones on the same data and settings included.
    settings : Settings
    data_sha256 : str
    progress : callable
        Told level and what was finished.
    judged : bool
        Also measure on the hold-out what the best parameters bought.
    timeout_s : float, in seconds
        For the trials of all levels; each member's first trial is tried in any case.
    """
    ends_at = time.monotonic() + timeout_s
    for level in levels:
        history.require(level, settings)
    tuned: list[TunedLevel] = []
    for level in levels:
        ends = share_of_time(ends_at, len(levels) - len(tuned))
        tell = partial(progress, level)
        dataset = history.dataset(level, settings)
        keys = study_keys(level, data_sha256, request.days, settings)
        with _tuning_run(level, request, settings, data_sha256, keys) as parent:
            one = TunedLevel(
                level=level,
                run_id=parent.info.run_id,
                members=tune_members(
                    _inputs(dataset, settings),
                    dataset.y[dataset.development],
                    settings.training,
                    request.trials,
                    log=TuningLog(parent, keys),
                    progress=tell,
                    ends_at=ends,
                ),
                gain=None,
                n_holdout=dataset.holdout.stop - dataset.holdout.start,
            )
            if judged and one.changed:
                gain = holdout_gain(dataset, history.labels, settings.training, one.params, tell)
                one = replace(one, gain=gain)
            _log_result(one)
        tuned.append(one)
    return tuned


def _inputs(dataset: Dataset, settings: Settings) -> np.ndarray[Any, np.dtype[np.float32]]:
    names = input_names(dataset.features.columns, settings.training.inputs)
    return dataset.features[list(names)].to_numpy(dtype=np.float32)[dataset.development]


@contextmanager
def _tuning_run(
    level: int, request: Request, settings: Settings, data_sha256: str, keys: Mapping[str, str]
) -> Iterator[Run]:
    # Of all members: the same command finds the run that it began, or was killed in.
    key = hashlib.sha256("".join(keys.values()).encode()).hexdigest()
    with store_errors("start a run"):
        client = MlflowClient()
        run = next(runs_tagged(TUNING, key), None) or client.create_run(
            experiment_id(),
            run_name=request.run_name(f"tuning level {level}"),
            tags={TUNING: key, "level": str(level), "data_sha256": data_sha256}
            | ({PARENT: os.environ["MLFLOW_RUN_ID"]} if "MLFLOW_RUN_ID" in os.environ else {}),
        )
        asked = {
            "level": level,
            "data": request.data,
            "macro": request.macro,
            "days": request.days,
            "seed": settings.training.seed,
            "config_id": settings.config_id,
        }
        # A run that is reopened has them, and none may change.
        new = [Param(k, str(v)) for k, v in asked.items() if k not in run.data.params]
        client.log_batch(run.info.run_id, params=new)
        client.update_run(run.info.run_id, status="RUNNING")
    status = "FAILED"
    try:
        yield run
        status = "FINISHED"
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:
        with store_errors("end a run"):
            client.set_terminated(run.info.run_id, status)


def _log_result(one: TunedLevel) -> None:
    metrics: dict[str, float] = {} if one.gain is None else one.gain.to_metrics("holdout.gain")
    for name, tuned in one.members.items():
        metrics |= {
            f"{name}.log_loss": tuned.loss,
            f"{name}.configured_log_loss": tuned.configured_loss,
            f"{name}.trials_complete": float(tuned.n_complete),
            f"{name}.trials_pruned": float(tuned.n_pruned),
        }
    now = int(time.time() * 1000)
    with store_errors("write to a run"):
        client = MlflowClient()
        client.log_batch(one.run_id, [Metric(k, v, now, 0) for k, v in metrics.items()])
        client.log_dict(
            one.run_id, {n: dict(p) for n, p in one.params.items()}, "tuned_params.json"
        )
