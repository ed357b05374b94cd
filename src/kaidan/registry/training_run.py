"""The main job: one MLflow run a level, from features to a registered and perhaps live version."""

import os
import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import mlflow
import numpy as np

from kaidan.artifact.package import log_arguments
from kaidan.evaluation import plots
from kaidan.evaluation.report import Judged, judge_holdout, judge_out_of_fold, known_before
from kaidan.evaluation.scores import log_losses
from kaidan.features.contract import level_contract
from kaidan.learning.cross_validation import n_steps
from kaidan.learning.dataset import Dataset, History
from kaidan.learning.ensemble import ProductionEnsemble
from kaidan.registry.bundle import Bundled, bundle_ensemble
from kaidan.registry.card import card
from kaidan.registry.gates import Decision, decide
from kaidan.registry.promotion import promote
from kaidan.registry.provenance import provenance
from kaidan.registry.store import (
    Version,
    describe_version,
    get_version,
    model_name,
    set_tags,
    store_errors,
)
from kaidan.settings import Settings
from kaidan.signal import CLASS_NAMES

DEFAULT_EXPERIMENT = "kaidan"
N_EXAMPLE_ROWS = 3


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line; logged as it was given."""

    data: str
    macro: str
    days: int
    trials: int
    promote: Literal["auto", "never"]


@dataclass(frozen=True)
class Trained:
    """A level after its run.

    Attributes
    ----------
    version : Version
    decision : Decision
    live : bool
        It is the Production version now.
    run_id : str
    out_of_fold, holdout : Judged
    seconds : float, wall time of this level
    peak_mb : float, largest resident memory of the process so far
    """

    version: Version
    decision: Decision
    live: bool
    run_id: str
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
            "run_id": self.run_id,
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
    with store_errors("start a run"):
        # Under `mlflow run` the run exists already, in the experiment that the user chose.
        if "MLFLOW_RUN_ID" not in os.environ:
            mlflow.set_experiment(os.environ.get("MLFLOW_EXPERIMENT_NAME", DEFAULT_EXPERIMENT))
        run = mlflow.start_run()
    with run:
        with store_errors("write to a run"):
            mlflow.log_params(vars(request) | {"seed": settings.training.seed})
        job = _Job(request, settings, history, data_sha256, progress)
        if len(levels) == 1:
            return [job.train(levels[0])]
        with store_errors("write to a run"):
            mlflow.set_tag(
                "mlflow.runName", f"all levels, {request.days} days of {_short(request)}"
            )
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
            text = card(dataset, out_of_fold, holdout, decision, _short(self.request))
            with store_errors("write to a run"):
                self._log_inputs(dataset, ensemble, contract.sha256)
                mlflow.log_metrics(metrics)
                _log_folds(ensemble, out_of_fold)
                _log_pictures(dataset, ensemble, out_of_fold, holdout)
                mlflow.log_text(text, "decision/card.md")
                mlflow.log_dict(decision.to_dict(), "decision/decision.json")
                mlflow.set_tag("mlflow.note.content", text)
                version = self._register(level, bundle, dataset, contract.sha256)
        describe_version(version, text)
        live = self._move(version, decision)
        seconds = time.perf_counter() - started
        peak_mb = _peak_mb()
        with store_errors("write to a run"):
            mlflow.log_metrics({"wall_seconds": seconds, "peak_rss_mb": peak_mb})
        self.progress(level, "logged and registered")
        run = mlflow.active_run()
        return Trained(
            version=get_version(level, version.number),
            decision=decision,
            live=live,
            run_id=run.info.run_id if run else "",
            out_of_fold=out_of_fold,
            holdout=holdout,
            seconds=seconds,
            peak_mb=peak_mb,
        )

    def _judge(self, dataset: Dataset, ensemble: ProductionEnsemble) -> tuple[Judged, Judged]:
        known = known_before(self.history.bars, dataset.features, self.settings.training.label)
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

    def _log_inputs(
        self, dataset: Dataset, ensemble: ProductionEnsemble, contract_sha256: str
    ) -> None:
        mlflow.set_tag(
            "mlflow.runName",
            f"level {dataset.level}, {self.request.days} days of {_short(self.request)}",
        )
        training = self.settings.training.model_dump(exclude={"strategies", "seed"}, mode="json")
        mlflow.log_params(
            {
                "level": dataset.level,
                "n_features": dataset.features.shape[1],
                "n_inputs": len(ensemble.input_names_),
                "config_id": self.settings.config_id,
                **_flat(training),
                **{f"rounds.{m.name}": m.n_rounds for m in ensemble.members_},
                **{f"rows_left_out.{why}": n for why, n in dataset.dropped.items()},
            }
        )
        mlflow.set_tags(self._tags(dataset.level, contract_sha256))
        mlflow.log_text("\n".join(dataset.features.columns) + "\n", "features.txt")
        with warnings.catch_warnings():
            # Two of MLflow's source types claim local paths; both read them alike.
            warnings.filterwarnings("ignore", message=".*can be interpreted in multiple ways")
            source = mlflow.data.from_pandas(  # type: ignore[attr-defined]
                dataset.features.assign(label=np.array(CLASS_NAMES)[dataset.y]),
                source=self.request.data,
                targets="label",
                name=f"{_short(self.request)} level {dataset.level}",
                digest=self.data_sha256[:12],
            )
        mlflow.log_input(source, context="training")

    def _tags(self, level: int, contract_sha256: str) -> dict[str, str]:
        code = provenance()
        return {
            "git_commit": code.commit,
            "git_dirty": str(code.dirty).lower(),
            "contract_sha256": contract_sha256,
            "data_sha256": self.data_sha256,
            "level": str(level),
        }

    def _register(
        self, level: int, bundle: Bundled, dataset: Dataset, contract_sha256: str
    ) -> Version:
        example = dataset.features.iloc[-N_EXAMPLE_ROWS:]
        logged = mlflow.pyfunc.log_model(
            name=model_name(level),
            **log_arguments(bundle.folder, example=example, model_sha256=bundle.model_sha256),
        )
        registered = mlflow.register_model(
            logged.model_uri,
            model_name(level),
            tags={
                **self._tags(level, contract_sha256),
                "model_sha256": bundle.model_sha256,
                "n_features": str(dataset.features.shape[1]),
                "verdict": "not judged",
            },
        )
        return get_version(level, int(registered.version))

    def _move(self, version: Version, decision: Decision) -> bool:
        if not decision.passed:
            set_tags(version, {"verdict": "refused"})
            return False
        if self.request.promote == "never":
            set_tags(version, {"verdict": "promotable"})
            return False
        promote(version, self.settings)
        return True


def _metrics(out_of_fold: Judged, holdout: Judged, bundle: Bundled) -> dict[str, float]:
    return {
        **out_of_fold.to_metrics("oof"),
        **holdout.to_metrics("holdout"),
        "parity.max_difference": bundle.parity.max_difference,
        "parity.argmax_flips": float(bundle.parity.argmax_flips),
        "parity.n_rows": float(bundle.parity.n_rows),
        "artifact_mb": bundle.n_bytes / 1e6,
    }


def _log_folds(ensemble: ProductionEnsemble, out_of_fold: Judged) -> None:
    # The fold is the step, so that the UI draws log-loss over time.
    for name, probabilities in out_of_fold.probabilities.items():
        losses = log_losses(out_of_fold.y, probabilities)
        for number, rows in enumerate(ensemble.out_of_fold_.fold_slices(), start=1):
            mlflow.log_metric(f"fold.{name}.log_loss", float(np.mean(losses[rows])), step=number)


def _log_pictures(
    dataset: Dataset, ensemble: ProductionEnsemble, out_of_fold: Judged, holdout: Judged
) -> None:
    for part, judged in (("out_of_fold", out_of_fold), ("holdout", holdout)):
        title = f"Level {dataset.level}, {part.replace('_', ' ')}, {len(judged.y):,} bars"
        mlflow.log_figure(plots.confusion(judged, title), f"figures/confusion_{part}.png")
        mlflow.log_figure(plots.reliability(judged, title), f"figures/reliability_{part}.png")
    timeline = plots.fold_timeline(dataset.times, ensemble.out_of_fold_.folds, dataset.holdout)
    mlflow.log_figure(timeline, "figures/fold_timeline.png")


def _flat(settings: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def _short(request: Request) -> str:
    return Path(request.data).name or request.data


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)
