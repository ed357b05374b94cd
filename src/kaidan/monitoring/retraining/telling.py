"""Who is told what came of a retraining: the receivers of the bot's alerts."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from mlflow import MlflowClient

from kaidan.bot.alerts.addresses import alert_addresses
from kaidan.bot.alerts.alerts import Alerts
from kaidan.bot.alerts.opened import open_alerts
from kaidan.bot.alerts.severity import Severity
from kaidan.monitoring.retraining.retrained import Retrained
from kaidan.registry.store import store_errors
from kaidan.settings import Settings

_TOLD = "retraining_told"  # tag of the run of a release
_FAILED = "retrain.failed"


def tell_once(found: Retrained, settings: Settings, home: Path) -> None:
    """Tell people of a decision: when they were told already, nothing.

    The outbox keeps what a receiver did not take, and the next retraining delivers it.
    """
    if not alert_addresses():
        return
    with store_errors("read the run of a release"):
        told = _TOLD in MlflowClient().get_run(found.release).data.tags
    if told:
        return
    severity = Severity.info if found.verdict == "promoted" else Severity.warning
    with _alerts(settings, home) as alerts:
        alerts.tell(severity, f"retrain.{found.week}", found.sentence)
        alerts.settle(_FAILED, "retraining works again")
    with store_errors("write to a run"):
        MlflowClient().set_tag(found.release, _TOLD, severity.name)


@contextmanager
def failures_told(settings: Settings, home: Path) -> Iterator[None]:
    """Tell people, as critical, what ends the block; it is raised on."""
    try:
        yield
    except Exception as error:
        if alert_addresses():
            with _alerts(settings, home) as alerts:
                said = " ".join(str(error).split()) or type(error).__name__
                alerts.tell(Severity.critical, _FAILED, f"retraining failed: {said}")
        raise


def _alerts(settings: Settings, home: Path) -> AbstractContextManager[Alerts]:
    wait_seconds = settings.bot.alerts.timeout_seconds
    return open_alerts("retrain", settings, home, wait_seconds=wait_seconds)
