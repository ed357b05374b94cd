"""The thin border to MLflow's tracking store and model registry."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import mlflow
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from kaidan.errors import RegistryError, StoreError
from kaidan.registry.client import Client
from kaidan.registry.description import fitting
from kaidan.registry.insist import insist
from kaidan.registry.store_failure import explain, shows_password

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
    except (MlflowException, SQLAlchemyError, OSError, ImportError) as error:
        shown = None if shows_password(error) else error
        raise StoreError(explain(doing, error)) from shown


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

    @property
    def facts(self) -> dict[str, str]:
        """What the history keeps of it for the day that it is deleted."""
        kept = ("git_commit", "model_sha256", "contract_sha256", "data_sha256", "release")
        known = {key: self.tags[key] for key in kept if key in self.tags}
        trained = datetime.fromtimestamp(self.created_ms / 1e3, UTC).isoformat(timespec="seconds")
        return known | {"run_id": self.run_id, "registered_at": trained}

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
    found = _find(level, number)
    if found is None:
        raise RegistryError(
            f"{model_name(level)} has no version {number}; kaidan status shows what is live"
        )
    return found


def exists(level: int, number: int) -> bool:
    """Whether a version is registered and not deleted."""
    return _find(level, number) is not None


def _find(level: int, number: int) -> Version | None:
    name = model_name(level)
    with store_errors(f"find version {number} of {name}"):
        try:
            return _version(level, Client().get_model_version(name, str(number)))
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
    return None


def version_with_alias(level: int, alias: str) -> Version | None:
    """The version that an alias of a level's model names, or None."""
    name = model_name(level)
    with store_errors(f"look for the version of {name} with alias {alias}"):
        try:
            return _version(level, Client().get_model_version_by_alias(name, alias))
        except MlflowException as error:
            if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise
    return None


def live_version(level: int) -> Version | None:
    """The version in Production, or None.

    The alias answers; a version that only the stage names (set by hand in the UI) does too.
    """
    found = version_with_alias(level, PRODUCTION_ALIAS)
    if found is not None:
        return found
    name = model_name(level)
    with store_errors(f"look for the Production version of {name}"):
        try:
            with _stages_are_meant():
                staged = Client().get_latest_versions(name, stages=[PRODUCTION])
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            staged = []
    return get_version(level, int(staged[0].version)) if staged else None


def fetch_bundle(version: Version, folder: Path) -> Path:
    """Download a version's bundle into `folder`; nothing of it is trusted yet."""
    uri = f"models:/{version.name}/{version.number}/{BUNDLE_PATH}"
    return _download(f"download {uri}", folder, artifact_uri=uri)


def fetch_run_artifact(version: Version, path: str, folder: Path) -> Path:
    """Download what the run that trained a version keeps at `path`, into `folder`."""
    doing = f"read {path} of the run of version {version.number} of {version.name}"
    return _download(doing, folder, run_id=version.run_id, artifact_path=path)


def _download(doing: str, folder: Path, **place: str) -> Path:
    with store_errors(doing):
        return Path(mlflow.artifacts.download_artifacts(**place, dst_path=str(folder)))


def versions_of(level: int, *, tagged: str | None = None) -> list[Version]:
    """All versions of a level, newest first; only those that have a tag, if one is named.

    Their aliases are not looked up: MLflow's search leaves them out.
    """
    name = model_name(level)
    wanted = f"name = '{name}'" + (f" and tags.{tagged} LIKE '%'" if tagged else "")
    found: list[Version] = []
    token = None
    with store_errors(f"list the versions of {name}"):
        while True:
            page = Client().search_model_versions(
                wanted, max_results=1000, order_by=["version_number DESC"], page_token=token
            )
            found += [_version(level, one) for one in page]
            token = page.token
            if not token:
                return found


def newest_number(level: int) -> int:
    """Number of a level's newest version, 0 before the first; numbers are not used again."""
    name = model_name(level)
    with store_errors(f"look for the newest version of {name}"):
        found = Client().search_model_versions(
            f"name = '{name}'", max_results=1, order_by=["version_number DESC"]
        )
    return int(found[0].version) if found else 0


def set_live(version: Version, previous: int | None, *, stages: bool) -> None:
    """Make `version` the one in Production and archive the one before, in one transaction.

    MLflow archives and promotes together when told so; the aliases follow at once. May be repeated.

    Parameters
    ----------
    version : Version
    previous : int or None
        Version that a rollback goes back to.
    stages : bool
        Whether stages are moved beside the aliases.
    """
    with store_errors(f"put version {version.number} of {version.name} live"):
        client = Client()
        name, number = version.name, str(version.number)
        if stages:
            with _stages_are_meant():
                insist(
                    client.transition_model_version_stage,
                    name,
                    number,
                    PRODUCTION,
                    archive_existing_versions=True,
                )
        insist(client.set_registered_model_alias, name, PRODUCTION_ALIAS, number)
        if previous is None or not exists(version.level, previous):
            insist(client.delete_registered_model_alias, name, PREVIOUS_ALIAS)
        else:
            insist(client.set_registered_model_alias, name, PREVIOUS_ALIAS, str(previous))


def clear_live(level: int, *, stages: bool) -> None:
    """Leave a level with nothing in Production, as before its first promotion."""
    name = model_name(level)
    with store_errors(f"take {name} out of Production"):
        client = Client()
        if stages:
            with _stages_are_meant():
                for staged in client.get_latest_versions(name, stages=[PRODUCTION]):
                    insist(client.transition_model_version_stage, name, staged.version, "None")
        for alias in (PRODUCTION_ALIAS, PREVIOUS_ALIAS):
            insist(client.delete_registered_model_alias, name, alias)


def set_tags(version: Version, tags: dict[str, str]) -> None:
    """Write tags on a version."""
    with store_errors(f"tag version {version.number} of {version.name}"):
        client = Client()
        for key, value in tags.items():
            insist(client.set_model_version_tag, version.name, str(version.number), key, value)


def describe_version(version: Version, description: str) -> None:
    """Write the markdown that a person reads in the UI."""
    with store_errors(f"describe version {version.number} of {version.name}"):
        text = fitting(description)
        insist(Client().update_model_version, version.name, str(version.number), text)


def describe_level(level: int, description: str) -> None:
    """Write what is live, and why, on the registered model."""
    with store_errors(f"describe {model_name(level)}"):
        insist(Client().update_registered_model, model_name(level), fitting(description))


def run_metrics(version: Version) -> dict[str, float]:
    """What the run that trained the version measured."""
    with store_errors(f"read the run of version {version.number} of {version.name}"):
        return dict(Client().get_run(version.run_id).data.metrics)


@contextmanager
def _stages_are_meant() -> Iterator[None]:
    # The user's words are Production and Archived; MLflow warns at each use that they will go.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, message=".*stages.*")
        warnings.filterwarnings("ignore", category=FutureWarning, message=".*get_latest_versions.*")
        yield
