"""The history of all levels: a registered model whose versions are its records.

MLflow gives every version the next number in one transaction, on sqlite and behind a server alike.
So one thing is the order in which writers take their turns, what they meant to do should they be
killed, and the history. Records are added and closed, never removed; versions of models may be.
"""

from collections.abc import Iterator

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from kaidan.errors import RegistryError
from kaidan.registry.client import Client
from kaidan.registry.description import fitting
from kaidan.registry.insist import insist
from kaidan.registry.owner import Owner
from kaidan.registry.record import Action, Record, State
from kaidan.registry.runs import experiment_named
from kaidan.registry.store import store_errors

HISTORY = "kaidan_history"
_RECORD = "record"
_TAKEN_BY = "taken_by"
_MOVED = "moved"
_PAGE = 20
_ABOUT = (
    "Every promotion, refusal, rollback and repair of every level, in order: one version of this "
    "model is one record, and no model at all. `kaidan history --level N` shows them as a table; "
    "the run of the records keeps the same table as an artifact. Leave the records as they are: "
    "they also tell the next writer what one that was killed had in hand."
)


def add(action: Action, levels: tuple[int, ...], reason: str) -> Record:
    """Add a record: it waits for its turn.

    Raises
    ------
    RegistryError
        The store cannot be written to; nothing was added.
    """
    blank = Record(0, action, State.waiting, Owner.here(), 0, levels, reason=reason)
    with store_errors(f"begin a {action}"):
        try:
            return _add(blank)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
        _create()
        return _add(blank)


def write(record: Record) -> Record:
    """Write a record's new state, in one transaction, and return it."""
    with store_errors(f"write record {record.number} of {HISTORY}"):
        insist(
            Client().set_model_version_tag,
            HISTORY,
            str(record.number),
            _RECORD,
            record.to_text(),
        )
    return record


def describe(record: Record, moved: str, text: str) -> None:
    """Write what people read of a record in MLflow's pages: in a list, and on its own page."""
    with store_errors(f"describe record {record.number} of {HISTORY}"):
        insist(Client().set_model_version_tag, HISTORY, str(record.number), _MOVED, moved)
        insist(Client().update_model_version, HISTORY, str(record.number), fitting(text))


def take_over(record: Record, by: int) -> None:
    """Mark a record as another writer's to finish; its owner, if alive after all, gives way."""
    with store_errors(f"take record {record.number} of {HISTORY} over"):
        insist(
            Client().set_model_version_tag,
            HISTORY,
            str(record.number),
            _TAKEN_BY,
            str(by),
        )


def read(number: int) -> Record:
    """Look a record up.

    Raises
    ------
    RegistryError
        There is none of this number, or it cannot be read.
    """
    with store_errors(f"read record {number} of {HISTORY}"):
        found = _record(Client().get_model_version(HISTORY, str(number)))
    if found is None:
        raise RegistryError(f"version {number} of {HISTORY} is no record of kaidan's; delete it")
    return found


def newest_first() -> Iterator[Record]:
    """All records, read a page at a time."""
    token = None
    while True:
        with store_errors(f"read {HISTORY}"):
            page = Client().search_model_versions(
                f"name = '{HISTORY}'",
                max_results=_PAGE,
                order_by=["version_number DESC"],
                page_token=token,
            )
        yield from filter(None, map(_record, page))
        token = page.token
        if not token:
            return


def still_open() -> Iterator[Record]:
    """Records that somebody is at or was killed over, newest first."""
    for record in newest_first():
        if record.state.had_turn:
            return
        if record.state.is_open:
            yield record


def standing(level: int) -> Record | None:
    """The record that made live what is live at a level; None when there is none."""
    return next((record for record in newest_first() if record.made_live(level)), None)


def run_id() -> str:
    """The run that keeps the history's artifacts; empty before the first record."""
    with store_errors(f"read {HISTORY}"):
        found = Client().search_model_versions(
            f"name = '{HISTORY}'", max_results=1, order_by=["version_number DESC"]
        )
    return str(found[0].run_id) if found else ""


def _add(blank: Record) -> Record:
    client = Client()
    run = run_id() or _create_run()
    made = insist(
        client.create_model_version,
        HISTORY,
        source=f"runs:/{run}/history",
        run_id=run,
        tags={
            _RECORD: blank.to_text(),
            "levels": ", ".join(map(str, blank.levels)),
            "by": blank.owner.name,
        },
        await_creation_for=0,
    )
    return blank.with_(number=int(made.version), began_ms=made.creation_timestamp)


def _create() -> None:
    try:
        Client().create_registered_model(HISTORY, description=_ABOUT)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _create_run() -> str:
    client = Client()
    run = client.create_run(
        experiment_named(HISTORY), run_name="history", tags={"mlflow.note.content": _ABOUT}
    )
    client.set_terminated(run.info.run_id)
    return str(run.info.run_id)


def _record(version: ModelVersion) -> Record | None:
    if _RECORD not in version.tags:
        return None
    try:
        taken = version.tags.get(_TAKEN_BY)
        return Record.from_text(
            version.tags[_RECORD],
            number=int(version.version),
            began_ms=version.creation_timestamp,
            taken_by=int(taken) if taken else None,
        )
    except (ValueError, TypeError, KeyError) as error:
        raise RegistryError(
            f"version {version.version} of {HISTORY} was changed by hand and cannot be read "
            f"({error!r}); delete that version"
        ) from error
