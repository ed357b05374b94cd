"""The main job: one MLflow run a level, from features to a registered and perhaps live version."""

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import mlflow

from kaidan.evaluation.judged_fit import fit_judged
from kaidan.evaluation.leak_check import check_level, feature_leaks
from kaidan.evaluation.performance import Performance
from kaidan.evaluation.probes import Leak
from kaidan.evaluation.report import Judged, judge_holdout, known_before
from kaidan.features.contract import level_contract
from kaidan.learning.cross_validation import n_steps
from kaidan.learning.dataset import Dataset, History
from kaidan.learning.ensemble import ProductionEnsemble
from kaidan.learning.labels import horizon
from kaidan.learning.tuned_params import TunedParams, tuned_settings
from kaidan.registry.bundle import bundle_ensemble, require_parity
from kaidan.registry.card import evidence
from kaidan.registry.judgement import judge, record
from kaidan.registry.measures import Measures, replay_out_of_fold
from kaidan.registry.native import NATIVE_TAG, log_native
from kaidan.registry.promotion import promote_all
from kaidan.registry.provenance import provenance
from kaidan.registry.registration import register
from kaidan.registry.release import describe_release
from kaidan.registry.run_log import Request, log_results, log_setup
from kaidan.registry.runs import open_run
from kaidan.registry.store import (
    Version,
    get_version,
    newest_number,
    store_errors,
)
from kaidan.registry.trained import Trained
from kaidan.registry.tuned_params import live_params, to_tag
from kaidan.settings import Settings

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
    params: Mapping[int, TunedParams] | None = None,
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
    params : mapping of level to tuned parameters, optional
        Default: those of the version that is live, if it was tuned; a level that is left out
        takes those of the settings.
    """
    for level in levels:
        history.require(level, settings)
    with open_run(vars(request) | {"seed": settings.training.seed}) as run_id:
        leaks = feature_leaks(history, settings)
        job = _Job(request, settings, history, data_sha256, leaks, params, progress)
        if len(levels) == 1:
            return job.decide([job.fit(levels[0])])
        _name(request)
        trained = job.decide(job.fit_all(levels, run_id))
        describe_release(run_id, ((one.version, one.decision) for one in trained))
        return trained


def train_release(
    levels: tuple[int, ...],
    history: History,
    request: Request,
    settings: Settings,
    *,
    data_sha256: str,
    progress: Progress,
    tags: Mapping[str, str],
    release: str | None = None,
) -> str:
    """Train and register levels of a release, decide nothing; gives the run of the release.

    Parameters
    ----------
    levels, history, request, settings, data_sha256, progress
        As for `train_levels`; parameters are those of the live versions.
    tags : mapping of str to str
        Put on the run of the release and, beside kaidan's own, on each version.
    release : str, optional
        A release that lacks these levels; default: a new one.
    """
    for level in levels:
        history.require(level, settings)
    params = vars(request) | {"seed": settings.training.seed}
    with open_run(params, tags=tags, run_id=release) as run_id:
        _name(request)
        leaks = feature_leaks(history, settings)
        job = _Job(request, settings, history, data_sha256, leaks, None, progress, tags)
        job.fit_all(levels, run_id)
    return run_id


def _name(request: Request) -> None:
    with store_errors("write to a run"):
        mlflow.set_tag("mlflow.runName", request.run_name("all levels"))
        mlflow.log_param("level", "all")


@dataclass(frozen=True)
class _Fitted:
    version: Version
    out_of_fold: Judged
    holdout: Judged
    performances: dict[str, Performance]
    seconds: float
    peak_mb: float


@dataclass(frozen=True)
class _Job:
    request: Request
    settings: Settings
    history: History
    data_sha256: str
    leaks: tuple[Leak, ...]
    params: Mapping[int, TunedParams] | None
    progress: Progress
    tags: Mapping[str, str] = field(default_factory=dict)

    def fit_all(self, levels: tuple[int, ...], release: str) -> list["_Fitted"]:
        """Train levels of a release, whose run is open, each in a run of its own beneath it."""
        fitted = []
        for level in levels:
            with mlflow.start_run(nested=True):
                fitted.append(self.fit(level, release=release))
        return fitted

    def fit(self, level: int, release: str = "") -> "_Fitted":
        """Train a level and register it; `release` is the run of all levels."""
        started = time.perf_counter()
        params = self._params(level)
        settings = self.settings.with_training(tuned_settings(self.settings.training, params))
        dataset = self.history.dataset(level, settings)
        ensemble, out_of_fold = fit_judged(
            dataset,
            self.history.labels,
            settings.training,
            progress=lambda what: self.progress(level, what),
        )
        leaks = check_level(self.leaks, self.history, dataset, ensemble, settings)
        self.progress(level, "judged")
        contract = level_contract(settings, level)
        with tempfile.TemporaryDirectory() as folder:
            measures = Measures(
                dataset=dataset,
                ensemble=ensemble,
                out_of_fold=out_of_fold,
                holdout=self._judge_holdout(dataset, ensemble),
                bundle=bundle_ensemble(ensemble, contract, dataset, Path(folder) / "bundle"),
                leaks=leaks,
                replays=replay_out_of_fold(out_of_fold, self.history, settings),
                n_tried=newest_number(level) + 1 + self.request.trials * len(ensemble.members_),
            )
            tags = self._tags(dataset, contract.sha256, params)
            if release:
                tags["release"] = release
            with store_errors("write to a run"):
                log_setup(self.request, settings, dataset, ensemble, tags)
                mlflow.log_param("tuned_members", ", ".join(params) or "none")
                mlflow.log_metrics(measures.to_metrics())
                log_results(measures, evidence(measures, self.request.data_name, params))
                require_parity(measures.bundle.parity, settings)
                tags[NATIVE_TAG] = log_native(ensemble, dataset)
                version = register(measures.bundle, dataset, tags)
        seconds = time.perf_counter() - started
        peak_mb = _peak_mb()
        with store_errors("write to a run"):
            mlflow.log_metrics({"wall_seconds": seconds, "peak_rss_mb": peak_mb})
        self.progress(level, "logged and registered")
        return _Fitted(
            version, out_of_fold, measures.holdout, measures.performances, seconds, peak_mb
        )

    def decide(self, fitted: list["_Fitted"]) -> list[Trained]:
        """Judge what was trained and, if asked to, promote together what the gates let through."""
        versions = [one.version for one in fitted]
        if self.request.promote == "auto":
            outcomes = promote_all(versions, self.settings)
            decided = [(outcome.decision, outcome.live) for outcome in outcomes]
        else:
            decided = [(judge(version, self.settings), False) for version in versions]
            for version, (decision, _) in zip(versions, decided, strict=True):
                record(version, decision)
        return [
            Trained(
                **vars(one) | {"version": get_version(one.version.level, one.version.number)},
                decision=decision,
                live=live,
            )
            for one, (decision, live) in zip(fitted, decided, strict=True)
        ]

    def _params(self, level: int) -> TunedParams:
        """Tuned parameters: those just found, or those that the live version proved."""
        if self.params is None:
            return live_params(level)
        return self.params.get(level, {})

    def _judge_holdout(self, dataset: Dataset, ensemble: ProductionEnsemble) -> Judged:
        return judge_holdout(
            ensemble,
            dataset.features,
            dataset.y,
            known_before(self.history.labels, dataset.features, self.settings.training.label),
            dataset.development,
            dataset.holdout,
        )

    def _tags(self, dataset: Dataset, contract_sha256: str, params: TunedParams) -> dict[str, str]:
        code = provenance()
        development = dataset.times[dataset.development]
        reach = horizon(self.settings.training.label)
        return {
            "level": str(dataset.level),
            "git_commit": code.commit,
            "git_dirty": str(code.dirty).lower(),
            "contract_sha256": contract_sha256,
            "data_sha256": self.data_sha256,
            # A label outside of these shares no bar with one that was learnt.
            "learnt_from": (development[0] - reach).isoformat(),
            "learnt_until": (development[-1] + reach).isoformat(),
            **to_tag(params),
            **self.tags,
        }


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)
