"""The thin border to MLflow's tracking store and model registry."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten

import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from kaidan.errors import RegistryError

PRODUCTION = "Production"
PRODUCTION_ALIAS = "production"
PREVIOUS_ALIAS = "previous"
BUNDLE_PATH = "artifacts/bundle"


def model_name(level: int) -> str:
    """Registered model of a level."""
    return f"ensemble_level{level}"


@contextmanager
def store_errors(doing: str) -> Iterator[None]:
    """Turn what MLflow raises while `doing` something into one line."""
    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        cause = " ".join(str(getattr(error, "orig", None) or error).split())
        raise RegistryError(
            f"cannot {doing} in {mlflow.get_tracking_uri()}: "
            f"{shorten(cause or repr(error), 160, placeholder=' ...')}; "
            "is MLFLOW_TRACKING_URI right, the store up, and the place writable?"
        ) from error


@dataclass(frozen=True)
class Version:
    """A registered version of a level's ensemble.

    Attributes
    ----------
    level, number : int
    stage : str
        MLflow's: `None`, `Production` or `Archived`.
    aliases : tuple of str
    tags : dict
    run_id : str
    created_ms, updated_ms : int
        Milliseconds since the epoch.
    """

    level: int
    number: int
    stage: str
    aliases: tuple[str, ...]
    tags: dict[str, str]
    run_id: str
    created_ms: int
    updated_ms: int

    @property
    def name(self) -> str:
        """Registered model."""
        return model_name(self.level)

    def tag(self, name: str) -> str:
        """A tag that every version of kaidan's has.

        Raises
        ------
        RegistryError
            It has not: the version was registered by something else.
        """
        if name not in self.tags:
            raise RegistryError(
                f"{self.name} version {self.number} has no tag {name!r}: kaidan did not "
                "register it; train a version with kaidan"
            )
        return self.tags[name]


def _version(level: int, found: ModelVersion) -> Version:
    return Version(
        level=level,
        number=int(found.version),
        stage=found.current_stage or "None",
        aliases=tuple(found.aliases or ()),
        tags=dict(found.tags or {}),
        run_id=found.run_id or "",
        created_ms=found.creation_timestamp or 0,
        updated_ms=found.last_updated_timestamp or 0,
    )


def get_version(level: int, number: int) -> Version:
    """Look a version up.

    Raises
    ------
    RegistryError
        There is none, or the store cannot be asked.
    """
    name = model_name(level)
    with store_errors(f"find version {number} of {name}"):
        try:
            return _version(level, MlflowClient().get_model_version(name, str(number)))
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
    raise RegistryError(f"{name} has no version {number}; kaidan status shows what is live")


def live_version(level: int) -> Version | None:
    """The version in Production, or None.

    The alias answers; a version that only the stage names (set by hand in the UI) does too.
    """
    name = model_name(level)
    with store_errors(f"look for the Production version of {name}"):
        client = MlflowClient()
        try:
            return _version(level, client.get_model_version_by_alias(name, PRODUCTION_ALIAS))
        except MlflowException as error:
            if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise
        try:
            with _stages_are_meant():
                staged = client.get_latest_versions(name, stages=[PRODUCTION])
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            staged = []
    return get_version(level, int(staged[0].version)) if staged else None


def fetch_bundle(version: Version, folder: Path) -> Path:
    """Download a version's bundle into `folder`; nothing of it is trusted yet.

    Returns
    -------
    Path
        The folder that holds graph.onnx, contract.json, reference.json and manifest.json.
    """
    uri = f"models:/{version.name}/{version.number}/{BUNDLE_PATH}"
    with store_errors(f"download {uri}"):
        return Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=str(folder)))


def fetch_run_artifact(version: Version, path: str, folder: Path) -> Path:
    """Download what the run that trained a version keeps at `path`, into `folder`."""
    with store_errors(f"read {path} of the run of version {version.number} of {version.name}"):
        return Path(
            mlflow.artifacts.download_artifacts(
                run_id=version.run_id, artifact_path=path, dst_path=str(folder)
            )
        )


def count_versions(level: int) -> int:
    """How many versions of a level are registered."""
    name = model_name(level)
    with store_errors(f"count the versions of {name}"):
        return len(MlflowClient().search_model_versions(f"name = '{name}'"))


def set_live(version: Version, previous: Version | None, *, stages: bool) -> None:
    """Make `version` the one in Production and archive the one before, in one transaction.

    MLflow archives and promotes together when told so; the aliases follow at once.
    """
    with store_errors(f"promote version {version.number} of {version.name}"):
        client = MlflowClient()
        if stages:
            with _stages_are_meant():
                client.transition_model_version_stage(
                    version.name, str(version.number), PRODUCTION, archive_existing_versions=True
                )
        client.set_registered_model_alias(version.name, PRODUCTION_ALIAS, str(version.number))
        if previous is not None:
            client.set_registered_model_alias(version.name, PREVIOUS_ALIAS, str(previous.number))
        else:
            client.delete_registered_model_alias(version.name, PREVIOUS_ALIAS)


def set_tags(version: Version, tags: dict[str, str]) -> None:
    """Write tags on a version."""
    with store_errors(f"tag version {version.number} of {version.name}"):
        client = MlflowClient()
        for key, value in tags.items():
            client.set_model_version_tag(version.name, str(version.number), key, value)


def describe_version(version: Version, description: str) -> None:
    """Write the markdown that a person reads in the UI."""
    with store_errors(f"describe version {version.number} of {version.name}"):
        MlflowClient().update_model_version(version.name, str(version.number), description)


def describe_level(level: int, description: str) -> None:
    """Write what is live, and why, on the registered model."""
    with store_errors(f"describe {model_name(level)}"):
        MlflowClient().update_registered_model(model_name(level), description)


def run_metrics(version: Version) -> dict[str, float]:
    """What the run that trained the version measured."""
    with store_errors(f"read the run of version {version.number} of {version.name}"):
        return dict(MlflowClient().get_run(version.run_id).data.metrics)


@contextmanager
def _stages_are_meant() -> Iterator[None]:
    # The user's words are Production and Archived; MLflow warns at each use that they will go.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, message=".*stages.*")
        warnings.filterwarnings("ignore", category=FutureWarning, message=".*get_latest_versions.*")
        yield
