"""Trials as MLflow runs: what anyone can look at is also what a search goes on from.

MLflow's own storage for Optuna asks the store again for every trial so far at each step, and a
trial that was killed stays in it as running (measured: 0.3 s of CPU for the first trial, 1.7 s
for the twentieth). A run here is written once, when its trial is done, in 0.02 s.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run

from kaidan.features.contract import level_contract
from kaidan.learning.members import Params
from kaidan.learning.tuned import Trial
from kaidan.registry.store import store_errors
from kaidan.settings import Settings, canonical_json

STUDY = "kaidan.study"
TRIAL = "kaidan.trial"
PARENT = "mlflow.parentRunId"
PAGE = 1000  # runs that are asked for at once


def study_keys(level: int, data_sha256: str, days: int, settings: Settings) -> dict[str, str]:
    """What a study is known by, for each member: what it learnt from, and how.

    Parameters
    ----------
    level : int
    data_sha256 : str
        Of bars and macro data.
    days : int
        Of the data that are learnt from.
    settings : Settings
    """
    training = settings.training.model_dump(mode="json")
    # These do not touch a member's own folds.
    for vote in ("voting", "confidence_threshold"):
        del training[vote]
    members, tuning = training.pop("members"), training.pop("tuning")
    spaces = tuning.pop("spaces")
    common = [level_contract(settings, level).sha256, data_sha256, days, training, tuning]
    return {
        name: hashlib.sha256(
            canonical_json([name, members[name]["params"], spaces[name], *common])
        ).hexdigest()
        for name in members
    }


@dataclass(frozen=True)
class TuningLog:
    """Trials of one level's members, as children of one run (a `learning.tuned.TrialLog`).

    A trial counts once its run is finished, and nothing of a run changes after that: one that
    was cut short while it was written is closed, and its trial is tried again.

    Attributes
    ----------
    parent : Run
        Its trials are below it; those of an earlier search may be below another one.
    keys : mapping of member name to the key of its study
    """

    parent: Run
    keys: Mapping[str, str]

    def finished(self, member: str) -> Sequence[Trial]:
        """Trials so far, by number and without gaps, each counted once."""
        trials: dict[int, Trial] = {}
        with store_errors("read trials"):
            client = MlflowClient()
            for run in runs_tagged(STUDY, self.keys[member]):
                if run.info.status == "RUNNING":
                    client.set_terminated(run.info.run_id, "KILLED")
                elif run.info.status == "FINISHED":
                    trial = _trial(run.data.tags[TRIAL])
                    trials.setdefault(trial.number, trial)
        whole = next(number for number in range(len(trials) + 1) if number not in trials)
        return [trials[number] for number in range(whole)]

    def record(self, member: str, trial: Trial, params: Params, seconds: float) -> None:
        """Write a finished trial."""
        now = int(time.time() * 1000)
        metrics = [
            Metric("fold_log_loss", loss, now, step)
            for step, loss in enumerate(trial.fold_losses, start=1)
        ]
        if not trial.pruned:
            metrics.append(Metric("log_loss", trial.loss, now, 0))
        with store_errors("write a trial"):
            client = MlflowClient()
            run = client.create_run(
                self.parent.info.experiment_id,
                start_time=now - int(seconds * 1000),
                run_name=f"{member} {trial.number}" + " (pruned)" * trial.pruned,
                tags={
                    PARENT: self.parent.info.run_id,
                    STUDY: self.keys[member],
                    TRIAL: json.dumps(asdict(trial)),
                    "member": member,
                    "pruned": str(trial.pruned).lower(),
                },
            )
            client.log_batch(
                run.info.run_id, metrics, [Param(k, str(v)) for k, v in params.items()]
            )
            client.set_terminated(run.info.run_id, "FINISHED")


def runs_tagged(tag: str, value: str) -> Iterator[Run]:
    """Runs of all experiments with this tag, oldest first.

    `mlflow run` and the command line work in different experiments.
    """
    client = MlflowClient()
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    wanted = f"tags.`{tag}` = '{value}'"
    order = ["attributes.start_time ASC"]
    page = client.search_runs(experiments, wanted, max_results=PAGE, order_by=order)
    yield from page
    while page.token:
        page = client.search_runs(
            experiments, wanted, max_results=PAGE, order_by=order, page_token=page.token
        )
        yield from page


def _trial(written: str) -> Trial:
    values = json.loads(written)
    return Trial(**values | {"fold_losses": tuple(values["fold_losses"])})
