"""What a killed process left behind: records, versions and runs that nobody will finish."""

import os
import time
from datetime import UTC, datetime

from mlflow import MlflowClient

from kaidan.registry.health.examination import FIX, Finding, fail, ok, warn
from kaidan.registry.owner import Owner
from kaidan.registry.record import Record, State
from kaidan.registry.runs import DEFAULT_EXPERIMENT
from kaidan.registry.store import Version, store_errors
from kaidan.settings import Settings

RECORDS = "open records"
UNJUDGED = "not judged"
RUNS = "open runs"
# No training takes so long; of a run nothing else tells whether somebody is at it.
_LONGEST_RUN_S = 86_400


def check_records(records: tuple[Record, ...], settings: Settings) -> list[Finding]:
    """Tell who is at work on the registry, and who was killed over it."""
    if not records:
        return [ok(RECORDS, None, "none")]
    here = Owner.here()
    lease = settings.bot.registry.lease_seconds
    found = []
    for record in records:
        who = f"record {record.number}, a {record.action} by {record.owner.name}"
        since = _at(record.began_ms)
        finishes = "the next promotion, rollback or training finishes it"
        if record.owner.is_dead():
            if record.state is State.moving:
                said = f"{who}, was cut off half-way on {since}; {finishes}"
                found.append(fail(RECORDS, None, said, FIX))
            else:
                said = f"{who}, was cut off on {since} with nothing moved; {finishes}"
                found.append(warn(RECORDS, None, said, FIX))
        elif record.owner.place != here.place and _age_s(record.began_ms) > lease:
            said = f"{who}, of another host, is open since {since}; if it died there, {finishes}"
            found.append(warn(RECORDS, None, said, FIX))
        else:
            found.append(ok(RECORDS, None, f"{who}, is under way since {since}"))
    return found


def check_unjudged(level: int, versions: list[Version]) -> list[Finding]:
    """Versions that were registered by a training that never came to judge them."""
    numbers = [one.number for one in versions if one.tags.get("verdict") == "not judged"]
    if not numbers:
        return []
    newest = max(numbers)
    what = "version" if len(numbers) == 1 else "versions"
    return [
        warn(
            UNJUDGED,
            level,
            f"{what} {', '.join(map(str, sorted(numbers)))}: a training was cut off, or is at it",
            f"kaidan promote --level {level} --version {newest}",
        )
    ]


def check_runs() -> list[Finding]:
    """Runs of kaidan's experiment that are open for longer than any training takes."""
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME", DEFAULT_EXPERIMENT)
    began = round(1e3 * (time.time() - _LONGEST_RUN_S))
    with store_errors("look for open runs"):
        client = MlflowClient()
        experiment = client.get_experiment_by_name(name)
        if experiment is None:
            return []
        runs = client.search_runs(
            [experiment.experiment_id],
            f"attributes.status = 'RUNNING' and attributes.start_time < {began}",
            max_results=10,
        )
    return [
        warn(
            RUNS,
            None,
            f"{run.info.run_name} is open since {_at(run.info.start_time)}: was it cut off?",
            'python -c "import mlflow; '
            f"mlflow.MlflowClient().set_terminated('{run.info.run_id}', 'KILLED')\"",
        )
        for run in runs
    ]


def _age_s(ms: int) -> float:
    return time.time() - ms / 1e3


def _at(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1e3, UTC):%Y-%m-%d %H:%M} UTC"
