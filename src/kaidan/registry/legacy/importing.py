"""Register old models as archived history: what is known of them, without the pickles.

A model's run is written and closed, then its version appears with all of its tags at once, then it
is archived. Wherever that is cut off the next import goes on, and no version is ever half written.
"""

import hashlib
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException

from kaidan.registry.insist import insist
from kaidan.registry.legacy.card import description
from kaidan.registry.legacy.folder import LegacyModel
from kaidan.registry.legacy.metadata import Metadata
from kaidan.registry.store import Version, model_name, store_errors, versions_of
from kaidan.registry.tuning_log import runs_tagged
from kaidan.registry.verification import LEGACY
from kaidan.settings import Settings

EXPERIMENT = "kaidan-legacy"
KEY = "kaidan.legacy"
ARCHIVED = "Archived"
_BATCH = 100  # params that MLflow takes at once; it takes more metrics


class State(StrEnum):
    """What became of a model."""

    imported = "imported"
    planned = "would be imported"
    present = "already there"
    left_out = "left out"


@dataclass(frozen=True)
class Imported:
    """A model after the import.

    Attributes
    ----------
    model : LegacyModel
    state : State
    version : int or None
        Of the registered model of its level.
    """

    model: LegacyModel
    state: State
    version: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        model, known = self.model, self.model.metadata or Metadata(text="")
        return {
            "path": model.path,
            "state": self.state.value,
            "level": model.level,
            "model": model_name(model.level) if model.level else None,
            "version": self.version,
            "sha256": model.sha256,
            "bytes": model.n_bytes,
            "time": model.when.isoformat(timespec="seconds"),
            "time_from": model.when_from,
            "n_features": known.n_features,
            "n_metrics": len(known.metrics),
            "git_commit": known.commit or None,
            "findings": list(model.findings),
        }


def import_models(
    models: Sequence[LegacyModel],
    settings: Settings,
    *,
    dry_run: bool,
    progress: Callable[[LegacyModel], None] = lambda model: None,
) -> list[Imported]:
    """Register each model whose level is known and that is not registered yet, in this order.

    What is live, and the aliases, stay as they are.

    Parameters
    ----------
    models : sequence of LegacyModel
        Oldest first, so that versions are numbered in that order.
    settings : Settings
    dry_run : bool
        Write nothing.
    progress : callable
        Told each model that is done.

    Raises
    ------
    RegistryError
        The store cannot be read or written; importing once more goes on from there.
    """
    present = {} if dry_run and _store_is_new() else _present(models)
    done = []
    for model in models:
        done.append(_import(model, present, settings, dry_run=dry_run))
        progress(model)
    return done


def tally(done: Sequence[Imported]) -> str:
    """How many models came to which end, in words."""
    counts = Counter(one.state for one in done)
    return ", ".join(f"{counts[state]} {state}" for state in State if counts[state])


def _import(
    model: LegacyModel, present: dict[str, Version], settings: Settings, *, dry_run: bool
) -> Imported:
    if model.level is None:
        return Imported(model, State.left_out)
    stages = settings.bot.registry.stages
    found = present.get(_key(model.sha256, model.path))
    if found is not None:
        if stages and found.stage == "None" and not dry_run:
            _archive(found.name, found.number)
        return Imported(model, State.present, found.number)
    if dry_run:
        return Imported(model, State.planned)
    name = model_name(model.level)
    with store_errors(f"write what is known of {model.path}"):
        run_id = _written_run(model) or _write_run(model, model.level)
    number = _register(model, name, _tags(model, model.level), run_id)
    if stages:
        _archive(name, number)
    return Imported(model, State.imported, number)


def _store_is_new() -> bool:
    """To ask it would make it."""
    before, scheme, path = mlflow.get_registry_uri().partition("sqlite:///")
    return not before and bool(scheme) and not Path(path).exists()


def _present(models: Sequence[LegacyModel]) -> dict[str, Version]:
    levels = sorted({model.level for model in models if model.level is not None})
    return {
        _key(version.tags["legacy_sha256"], version.tags.get("legacy_path", "")): version
        for level in levels
        for version in versions_of(level, tagged="legacy_sha256")
    }


def _key(sha256: str, path: str) -> str:
    """What a model is known by; safe to search for, whatever its path is."""
    return hashlib.sha256(f"{sha256} {path}".encode()).hexdigest()


def _tags(model: LegacyModel, level: int) -> dict[str, str]:
    known = model.metadata or Metadata(text="")
    tags = {
        "verdict": LEGACY,
        "level": str(level),
        "legacy_sha256": model.sha256,
        "legacy_path": model.path,
        "legacy_time": model.when.isoformat(timespec="seconds"),
        "legacy_time_from": model.when_from,
        "legacy_metadata": model.metadata_from,
        "n_features": str(known.n_features or ""),
        "git_commit": known.commit,
        "git_branch": known.branch,
        "git_dirty": known.dirty,
    }
    return {name: value for name, value in tags.items() if value}


def _written_run(model: LegacyModel) -> str | None:
    """Run of an import that was cut off before the version; one that is half written is closed."""
    client = MlflowClient()
    whole = None
    for run in runs_tagged(KEY, _key(model.sha256, model.path)):
        if run.info.status == "FINISHED":
            whole = str(run.info.run_id)
        elif run.info.status == "RUNNING":
            client.set_terminated(run.info.run_id, "KILLED")
    return whole


def _write_run(model: LegacyModel, level: int) -> str:
    client = MlflowClient()
    known = model.metadata or Metadata(text="")
    when_ms = int(model.when.timestamp() * 1000)
    run = client.create_run(
        _experiment_id(client),
        start_time=when_ms,
        run_name=model.path,
        tags={
            KEY: _key(model.sha256, model.path),
            "mlflow.note.content": description(model),
            **_tags(model, level),
        },
    )
    run_id = str(run.info.run_id)
    metrics = [Metric(name, value, when_ms, 0) for name, value in known.metrics.items()]
    params = [Param(name, value) for name, value in known.params.items()]
    for start in range(0, max(len(metrics), len(params)), _BATCH):
        batch = slice(start, start + _BATCH)
        insist(client.log_batch, run_id, metrics[batch], params[batch])
    client.log_text(run_id, description(model), f"{LEGACY}/findings.md")
    if model.document:
        client.log_text(run_id, model.document, f"{LEGACY}/metadata.json")
    if known.features:
        client.log_text(run_id, "\n".join(known.features) + "\n", f"{LEGACY}/features.txt")
    client.set_terminated(run_id, "FINISHED", end_time=when_ms)
    return run_id


def _experiment_id(client: MlflowClient) -> str:
    found = client.get_experiment_by_name(EXPERIMENT)
    return str(found.experiment_id if found else client.create_experiment(EXPERIMENT))


def _register(model: LegacyModel, name: str, tags: dict[str, str], run_id: str) -> int:
    client = MlflowClient()
    with store_errors(f"register {model.path} as a version of {name}"):
        try:
            client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        version = insist(
            client.create_model_version,
            name,
            # A server takes no source that is outside of the run's own artifacts.
            source=f"{client.get_run(run_id).info.artifact_uri}/{LEGACY}",
            run_id=run_id,
            tags=tags,
            description=description(model),
        )
    return int(version.version)


def _archive(name: str, number: int) -> None:
    with store_errors(f"archive version {number} of {name}"), warnings.catch_warnings():
        # The user's word is Archived; MLflow warns at each use of a stage that stages will go.
        warnings.filterwarnings("ignore", category=FutureWarning, message=".*stages.*")
        insist(MlflowClient().transition_model_version_stage, name, str(number), ARCHIVED)
