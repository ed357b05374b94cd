"""The files behind versions: MLflow keeps them in logged models, which several versions may share.

Deleting a logged model hides it; `mlflow gc` then removes its files.
"""

import shlex
from collections.abc import Sequence

import mlflow
from mlflow.exceptions import MlflowException

from kaidan.registry.client import Client
from kaidan.registry.insist import insist
from kaidan.registry.store import model_name, store_errors
from kaidan.registry.store_failure import store_name

# Number of the record that is to delete it, written before its versions go.
_MARK = "kaidan.retention"
_SCHEME = "models:/"
_PAGE = 1000
_IDS_PER_COMMAND = 1000  # Linux takes 128 kB in one argument; an id has 34


def by_version(level: int) -> dict[int, str]:
    """Logged model of each version of a level that has one."""
    name = model_name(level)
    found: dict[int, str] = {}
    token = None
    with store_errors(f"list the versions of {name}"):
        while True:
            page = Client().search_model_versions(
                f"name = '{name}'", max_results=_PAGE, page_token=token
            )
            sources = {int(one.version): one.source or "" for one in page}
            found |= {
                number: source.removeprefix(_SCHEME)
                for number, source in sources.items()
                if source.startswith(f"{_SCHEME}m-")
            }
            token = page.token
            if not token:
                return found


def size_bytes(model_id: str) -> int:
    """Sum of its files."""
    with store_errors(f"list the files of {model_id}"):
        return _size(model_id, None)


def _size(model_id: str, folder: str | None) -> int:
    return sum(
        _size(model_id, entry.path) if entry.is_dir else entry.file_size or 0
        for entry in Client().list_logged_model_artifacts(model_id, folder)
    )


def mark(model_id: str, record: int) -> None:
    """Write on it that a record is to delete it, should the record's owner be killed."""
    with store_errors(f"mark {model_id}"):
        insist(Client().set_logged_model_tags, model_id, {_MARK: str(record)})


def left_over() -> tuple[str, ...]:
    """Marked ones that no version points to: who was to delete them was cut off."""
    found: list[str] = []
    token = None
    with store_errors("look for logged models"):
        client = Client()
        experiments = [one.experiment_id for one in client.search_experiments()]
        while experiments:
            page = client.search_logged_models(
                experiments, filter_string=f"tags.`{_MARK}` LIKE '%'", page_token=token
            )
            found += [one.model_id for one in page]
            token = page.token
            if not token:
                break
    return tuple(model_id for model_id in found if not is_used(model_id))


def is_used(model_id: str) -> bool:
    """Some version, of any registered model, points to it."""
    with store_errors(f"look for versions of {model_id}"):
        return bool(
            Client().search_model_versions(f"source_path LIKE '%{model_id}%'", max_results=1)
        )


def delete(model_id: str) -> None:
    """Hide it, for `mlflow gc` to remove its files; may be repeated."""
    with store_errors(f"delete {model_id}"):
        try:
            insist(Client().delete_logged_model, model_id)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise


def gc_commands(model_ids: Sequence[str]) -> list[str]:
    """Shell commands that remove the files of deleted logged models, and of no others.

    Through a server they are for its machine, where `$DATABASE` and `$ARTIFACTS` are what it was
    started with as --backend-store-uri and --artifacts-destination.
    """
    given = shlex.quote(store_name())
    if mlflow.get_tracking_uri().startswith("http"):
        place = '--backend-store-uri "$DATABASE" --artifacts-destination "$ARTIFACTS"'
    else:
        place = f"--backend-store-uri {given}"
    return [
        f"mlflow gc {place} --tracking-uri {given} "
        f"--logged-model-ids {','.join(model_ids[start : start + _IDS_PER_COMMAND])}"
        for start in range(0, len(model_ids), _IDS_PER_COMMAND)
    ]
