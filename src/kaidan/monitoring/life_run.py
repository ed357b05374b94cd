"""One long-lived MLflow run for each version that was live: its life as a curve in the UI."""

from collections.abc import Mapping
from datetime import datetime

from mlflow.entities import LifecycleStage, Metric
from mlflow.exceptions import MlflowException

from kaidan.market.bar import BARS_PER_DAY
from kaidan.monitoring.drift import DriftReport
from kaidan.monitoring.drift_report import log_report
from kaidan.registry.client import Client
from kaidan.registry.insist import insist
from kaidan.registry.runs import experiment_named
from kaidan.registry.store import Version, store_errors

LIVES = "kaidan_lives"
LINK = "life_run"  # tag of a version
_STEP, _PAGE = "kaidan.life_step", "kaidan.drift_page"
_ABOUT = "How a version did while it was live, by the number of bars that it had answered."


def life_run(version: Version) -> str:
    """The run of a version's life, begun when there is none, and named by its tag `life_run`.

    It is a finished run from the beginning: MLflow draws its curves alike and takes more points,
    and an open one would look like a process that hangs whenever no bot is running.

    Raises
    ------
    StoreError
        The store cannot be used.
    """
    with store_errors("begin the run of a version's life"):
        linked = version.tags.get(LINK)
        if linked is not None and _is_of(version, linked):
            return linked
        found = _find(version)
        begun = found or _begin(version)
        run_id = _agreed(version, begun)
        client = Client()
        if found is None and run_id != begun:
            insist(client.delete_run, begun)
        insist(client.set_terminated, run_id)
        _link(version, run_id)
        return run_id


def log_life(run_id: str, metrics: Mapping[str, float], *, step: int, at: datetime) -> None:
    """Add one point to the curves, unless this point or a later one is there.

    Parameters
    ----------
    run_id : str
        Of `life_run`.
    metrics : mapping of str to float
    step : int
        How many bars the version has answered.
    at : datetime with a zone
        Open time of the last of them.

    Raises
    ------
    StoreError
        The store cannot be used.
    """
    with store_errors("write to the run of a version's life"):
        client = Client()
        if int(client.get_run(run_id).data.tags.get(_STEP, 0)) >= step:
            return
        stamp = round(1e3 * at.timestamp())
        points = [Metric(name, value, stamp, step) for name, value in metrics.items()]
        insist(client.log_batch, run_id, points)
        # Last: who is killed before it writes the same points again, which MLflow keeps once.
        insist(client.set_tag, run_id, _STEP, str(step))


def keep_page(run_id: str, report: DriftReport, title: str, *, step: int) -> None:
    """Keep the drift report as a page of the run: once a day, and when its verdict changes.

    Parameters
    ----------
    run_id : str
        Of `life_run`.
    report : DriftReport
    title : str
        Which model this is about.
    step : int
        How many bars the version has answered.

    Raises
    ------
    StoreError
        The store cannot be used.
    """
    with store_errors("write to the run of a version's life"):
        client = Client()
        drawn, _, verdict = client.get_run(run_id).data.tags.get(_PAGE, "").partition(" ")
        if verdict == report.verdict and step < int(drawn) + BARS_PER_DAY:
            return
        log_report(run_id, report, title)
        insist(client.set_tag, run_id, _PAGE, f"{step} {report.verdict}")


def _is_of(version: Version, run_id: str) -> bool:
    """The run is there, and is no other version's, of which this one is a copy with its tags."""
    try:
        run = Client().get_run(run_id)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return False
    is_there = run.info.lifecycle_stage == LifecycleStage.ACTIVE
    return is_there and _whose(version).items() <= run.data.tags.items()


def _find(version: Version) -> str | None:
    client = Client()
    experiment = client.get_experiment_by_name(LIVES)
    if experiment is None:
        return None
    found = client.search_runs(
        [experiment.experiment_id],
        " and ".join(f"tags.{name} = '{value}'" for name, value in _whose(version).items()),
        order_by=["attributes.start_time ASC", "attributes.run_id ASC"],
        max_results=1,
    )
    return str(found[0].info.run_id) if found else None


def _begin(version: Version) -> str:
    client = Client()
    run = insist(
        client.create_run,
        experiment_named(LIVES),
        run_name=f"level {version.level} version {version.number}",
        tags={
            **_whose(version),
            "mlflow.note.content": _ABOUT,
            "trained_by": version.run_id,
            # Two that write a tag for the first time at once are refused, a change is not.
            _STEP: "0",
            _PAGE: "0 ",
        },
    )
    return str(run.info.run_id)


def _agreed(version: Version, run_id: str) -> str:
    """Which run it is for all who began one at the same time.

    A parameter of a run can be written once: what is the first in that of the training decides.
    """
    client, name = Client(), f"{LINK}.{version.level}.{version.number}"
    try:
        insist(client.log_param, version.run_id, name, run_id)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":  # nobody can write it any more
            return run_id
        if error.error_code != "INVALID_PARAMETER_VALUE":
            raise
        first = client.get_run(version.run_id).data.params.get(name)
        if first is not None and _is_of(version, first):
            return first
    return run_id


def _link(version: Version, run_id: str) -> None:
    client, number = Client(), str(version.number)
    try:
        insist(client.set_model_version_tag, version.name, number, LINK, run_id)
    except MlflowException:
        # Unless another one has just written the same for the first time.
        if client.get_model_version(version.name, number).tags.get(LINK) != run_id:
            raise


def _whose(version: Version) -> dict[str, str]:
    return {"level": str(version.level), "version": str(version.number)}
