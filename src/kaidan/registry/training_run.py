"""The main job: one MLflow run a level, from features to a registered and perhaps live version."""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow

from kaidan.artifact.package import log_arguments
from kaidan.errors import ArtifactError, RefusedError
from kaidan.evaluation.report import Judged, judge_holdout, judge_out_of_fold, known_before
from kaidan.features.contract import level_contract
from kaidan.learning.cross_validation import n_steps
from kaidan.learning.dataset import Dataset, History
from kaidan.learning.ensemble import ProductionEnsemble
from kaidan.registry.bundle import Bundled, bundle_ensemble
from kaidan.registry.card import card
from kaidan.registry.gates import PARITY_GATES, Decision, decide
from kaidan.registry.promotion import promote
from kaidan.registry.provenance import provenance
from kaidan.registry.run_log import Request, log_results, log_setup
from kaidan.registry.store import (
    Version,
    describe_version,
    get_version,
    model_name,
    set_tags,
    store_errors,
)
from kaidan.settings import Settings

DEFAULT_EXPERIMENT = "kaidan"
N_EXAMPLE_ROWS = 3


@dataclass(frozen=True)
class Trained:
    """A level after its run.

    Attributes
    ----------
    version : Version
    decision : Decision
    live : bool
        It is the Production version now.
    out_of_fold, holdout : Judged
    seconds : float, wall time of this level
    peak_mb : float, largest resident memory of the process so far
    """

    version: Version
    decision: Decision
    live: bool
    out_of_fold: Judged
    holdout: Judged
    seconds: float
    peak_mb: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            "level": self.version.level,
            "model": self.version.name,
            "version": self.version.number,
            "live": self.live,
            "run_id": self.version.run_id,
            "model_sha256": self.version.tags["model_sha256"],
            "decision": self.decision.to_dict(),
            "out_of_fold": self.out_of_fold.table().to_dict("index"),
            "holdout": self.holdout.table().to_dict("index"),
            "seconds": round(self.seconds, 1),
            "peak_mb": round(self.peak_mb),
        }


Progress = Callable[[int, str], None]


def steps_per_level(settings: Settings) -> int:
    """How often `progress` is called for one level."""
    return n_steps(settings.training) + len(settings.training.members.by_name) + 2


def train_levels(
    levels: tuple[int, ...],
    history: History,
    request: Request,
    settings: Settings,
    *,
    data_sha256: str,
    progress: Progress,
) -> list[Trained]:
    """Train levels on one history; with several, one parent run holds a child run each.

    Parameters
    ----------
    levels : tuple of int
    history : History
    request : Request
    settings : Settings
    data_sha256 : str
    progress : callable
        Told level and what was finished.
    """
    for level in levels:
        history.require(level, settings)
    with store_errors("start a run"):
        # Under `mlflow run` the run exists already, in the experiment that the user chose.
        if "MLFLOW_RUN_ID" not in os.environ:
            mlflow.set_experiment(os.environ.get("MLFLOW_EXPERIMENT_NAME", DEFAULT_EXPERIMENT))
        run = mlflow.start_run()
    with run:
        with store_errors("write to a run"):
            # `mlflow run` has logged its own parameters, an empty one as '', and none may change.
            asked = vars(request) | {"seed": settings.training.seed}
            mlflow.log_params({k: v for k, v in asked.items() if k not in run.data.params})
        job = _Job(request, settings, history, data_sha256, progress)
        if len(levels) == 1:
            return [job.train(levels[0])]
        with store_errors("write to a run"):
            mlflow.set_tag("mlflow.runName", request.run_name("all levels"))
            mlflow.log_param("level", "all")
        trained = []
        for level in levels:
            with mlflow.start_run(nested=True):
                trained.append(job.train(level))
        return trained


@dataclass(frozen=True)
class _Job:
    request: Request
    settings: Settings
    history: History
    data_sha256: str
    progress: Progress

    def train(self, level: int) -> Trained:
        started = time.perf_counter()
        dataset = self.history.dataset(level, self.settings)
        ensemble = ProductionEnsemble(self.settings.training).fit(
            dataset.features.iloc[dataset.development],
            dataset.y[dataset.development],
            progress=lambda what: self.progress(level, what),
        )
        out_of_fold, holdout = self._judge(dataset, ensemble)
        self.progress(level, "judged")
        contract = level_contract(self.settings, level)
        with tempfile.TemporaryDirectory() as folder:
            bundle = bundle_ensemble(ensemble, contract, dataset, Path(folder) / "bundle")
            metrics = _metrics(out_of_fold, holdout, bundle)
            decision = decide(metrics, self.settings.gates)
            text = card(dataset, out_of_fold, holdout, decision, self.request.data_name)
            tags = self._tags(level, contract.sha256)
            with store_errors("write to a run"):
                log_setup(self.request, self.settings, dataset, ensemble, tags)
                mlflow.log_metrics(metrics)
                log_results(dataset, ensemble, out_of_fold, holdout, decision, text)
                _refuse_unfaithful(decision)
                version = _register(bundle, dataset, tags)
        describe_version(version, text)
        live = self._move(version, decision)
        seconds = time.perf_counter() - started
        peak_mb = _peak_mb()
        with store_errors("write to a run"):
            mlflow.log_metrics({"wall_seconds": seconds, "peak_rss_mb": peak_mb})
        self.progress(level, "logged and registered")
        return Trained(
            version=get_version(level, version.number),
            decision=decision,
            live=live,
            out_of_fold=out_of_fold,
            holdout=holdout,
            seconds=seconds,
            peak_mb=peak_mb,
        )

    def _judge(self, dataset: Dataset, ensemble: ProductionEnsemble) -> tuple[Judged, Judged]:
        known = known_before(self.history.labels, dataset.features, self.settings.training.label)
        development = dataset.development
        return (
            judge_out_of_fold(
                ensemble,
                dataset.times[development],
                dataset.y[development],
                known.take(development),
            ),
            judge_holdout(
                ensemble, dataset.features, dataset.y, known, development, dataset.holdout
            ),
        )

    def _tags(self, level: int, contract_sha256: str) -> dict[str, str]:
        code = provenance()
        return {
            "level": str(level),
            "git_commit": code.commit,
            "git_dirty": str(code.dirty).lower(),
            "contract_sha256": contract_sha256,
            "data_sha256": self.data_sha256,
        }

    def _move(self, version: Version, decision: Decision) -> bool:
        if self.request.promote == "never":
            set_tags(version, {"verdict": decision.verdict})
            return False
        try:
            promote(version, self.settings)
        except RefusedError:
            return False
        return True


def _register(bundle: Bundled, dataset: Dataset, tags: dict[str, str]) -> Version:
    name = model_name(dataset.level)
    example = dataset.features.iloc[-N_EXAMPLE_ROWS:]
    logged = mlflow.pyfunc.log_model(
        name=name,
        **log_arguments(bundle.folder, example=example, model_sha256=bundle.model_sha256),
    )
    registered = mlflow.register_model(
        logged.model_uri,
        name,
        tags={
            "verdict": "not judged",
            "n_features": str(dataset.features.shape[1]),
            "model_sha256": bundle.model_sha256,
            **tags,
        },
    )
    return get_version(dataset.level, int(registered.version))


def _metrics(out_of_fold: Judged, holdout: Judged, bundle: Bundled) -> dict[str, float]:
    return {
        **out_of_fold.to_metrics("oof"),
        **holdout.to_metrics("holdout"),
        "parity.max_difference": bundle.parity.max_difference,
        "parity.argmax_flips": float(bundle.parity.argmax_flips),
        "parity.n_rows": float(bundle.parity.n_rows),
        "artifact_mb": bundle.n_bytes / 1e6,
    }


def _refuse_unfaithful(decision: Decision) -> None:
    """Without parity there is no version at all, not even a refused one."""
    broken = [g for g in decision.gates if g.name in PARITY_GATES and not g.passed]
    if broken:
        raise ArtifactError(
            f"the exported graph does not say what was trained ({decision.refusals}); "
            "no version was registered; keep the data and report this"
        )


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)
