"""A retraining from what the registry says is done of it: killed anywhere, it is gone on with."""

from mlflow import MlflowClient

from kaidan.errors import RegistryError
from kaidan.features.contract import LEVELS
from kaidan.learning.dataset import History
from kaidan.monitoring.retraining.retrained import Retrained
from kaidan.monitoring.retraining.standing import WEEK, Standing, close_runs, look
from kaidan.monitoring.retraining.week import week_of
from kaidan.registry.promotion import promote_all
from kaidan.registry.provenance import provenance
from kaidan.registry.run_log import Request
from kaidan.registry.store import live_version, store_errors
from kaidan.registry.training_run import Progress, train_release
from kaidan.settings import Settings

CARD = "retraining.md"


def standing_of(history: History, settings: Settings, data_sha256: str) -> Standing:
    """How far the retraining on these bars has come.

    Raises
    ------
    TrainingError
        The bars do not suffice for one of the levels.
    """
    for level in LEVELS:
        history.dataset(level, settings)
    return look(week_of(history.bars.index[-1]), _identity(settings, data_sha256))


def retrain(
    standing: Standing,
    history: History,
    request: Request,
    settings: Settings,
    *,
    data_sha256: str,
    progress: Progress,
) -> Retrained:
    """Train what is lacking, judge what is not judged, promote or refuse; under the lock.

    Raises
    ------
    KaidanError
        It cannot be trained, judged or promoted; the next call goes on.
    """
    did, identity = standing.todo, _identity(settings, data_sha256)
    close_runs(standing)
    if standing.lacking:
        train_release(
            standing.lacking,
            history,
            request,
            settings,
            data_sha256=data_sha256,
            progress=progress,
            tags={WEEK: standing.week, "config_id": settings.config_id},
            release=standing.release,
        )
        # Another machine's may have been whole before: it counts then.
        standing = look(standing.week, identity)
    if not standing.rulings:
        promote_all([standing.versions[level] for level in LEVELS], settings)
        standing = look(standing.week, identity)
    if standing.release is None or not standing.rulings:
        raise RegistryError(
            f"the retraining of week {standing.week} left no decision in the history; "
            "kaidan doctor --fix, then kaidan retrain again"
        )
    live = {level: live_version(level) for level in LEVELS}
    found = Retrained(
        standing.week,
        standing.release,
        standing.rulings,
        settings.bot.monitoring.canary.watch_bars,
        {level: one.number if one else None for level, one in live.items()},
        did,
    )
    _keep(found)
    return found


def _identity(settings: Settings, data_sha256: str) -> dict[str, str]:
    code = provenance()
    return {
        "data_sha256": data_sha256,
        "config_id": settings.config_id,
        "git_commit": code.commit,
        "git_dirty": str(code.dirty).lower(),
    }


def _keep(found: Retrained) -> None:
    """Write the card into the run of the release; again does no harm."""
    with store_errors("write to a run"):
        client = MlflowClient()
        card = found.to_markdown()
        client.set_tag(found.release, "mlflow.note.content", card)
        client.log_text(found.release, card, CARD)
