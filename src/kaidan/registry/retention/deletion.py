"""Deleting old versions, so that neither the registry nor the disk only grows.

Each version goes before the files behind it, the history keeps what was known of it, and runs stay.
Wherever that is cut off the next retention goes on.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from kaidan.errors import RegistryError
from kaidan.registry import journal
from kaidan.registry.client import Client
from kaidan.registry.insist import insist
from kaidan.registry.record import Action, State
from kaidan.registry.retention import logged_models
from kaidan.registry.retention.survey import Planned, Survey, decide
from kaidan.registry.store import PRODUCTION, get_version, store_errors
from kaidan.registry.turn import Turn, take_turn
from kaidan.settings import Settings


@dataclass
class Retained:
    """What has been deleted so far.

    Attributes
    ----------
    versions : dict of level to version numbers, in ascending order
    model_ids : list of str
        Logged models whose files `mlflow gc` may remove.
    """

    versions: dict[int, list[int]] = field(default_factory=dict)
    model_ids: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        levels = [
            f"level {level}: version{'s' if len(numbers) > 1 else ''} {_ranges(numbers)}"
            for level, numbers in self.versions.items()
        ]
        count = len(self.model_ids)
        return "deleted " + "; ".join([*levels, f"{count} logged model{'s' * (count != 1)}"])


def retain(
    found: Survey, settings: Settings, *, progress: Callable[[], None] = lambda: None
) -> Retained:
    """Delete what a survey names, as far as that is still in the plan.

    Parameters
    ----------
    found : Survey
    settings : Settings
    progress : callable
        Told each version that is done with.

    Raises
    ------
    RegistryError
        Somebody else is at work for too long, or the store cannot be written to; the next
        retention goes on.
    """
    done = Retained()
    levels = tuple(found.goes or found.planned)
    if not found.goes and not found.left_over:
        return done
    with take_turn(Action.retention, levels, settings, reason=str(found.rule)) as turn:
        still = {
            (level, verdict.version.number)
            for level, verdicts in decide(levels, found.rule, settings).items()
            for verdict in verdicts
            if not verdict.kept
        }
        try:
            for model_id in found.left_over:
                _delete_unused(model_id, done)
            for level, goes in found.goes.items():
                for one in goes:
                    if (level, one.verdict.version.number) in still:
                        _hold(turn, done)
                        _delete(one, turn, done)
                    progress()
        except BaseException as error:
            with suppress(RegistryError):
                turn.close(State.failed, f"{done}; then: {str(error) or type(error).__name__}")
            raise
        turn.close(State.done, str(done))
    return done


def _hold(turn: Turn, done: Retained) -> None:
    """Tell who waits that this one is at work, and how far it has come."""
    if done.versions:
        turn.record = turn.record.with_(said=str(done))
    turn.beat()
    if journal.read(turn.record.number).taken_by is not None:
        raise RegistryError(
            "another writer took this retention for dead and went on; run it again to delete the "
            "rest"
        )


def _delete(one: Planned, turn: Turn, done: Retained) -> None:
    version = get_version(one.verdict.version.level, one.verdict.version.number)
    if version.aliases or version.stage == PRODUCTION:
        raise RegistryError(
            f"somebody gave version {version.number} of {version.name} an alias or a stage "
            "meanwhile; run the retention again to delete the rest"
        )
    if one.model_id is not None:
        logged_models.mark(one.model_id, turn.record.number)
    with store_errors(f"delete version {version.number} of {version.name}"):
        insist(Client().delete_model_version, version.name, str(version.number))
    done.versions.setdefault(version.level, []).append(version.number)
    if one.model_id is not None:
        _delete_unused(one.model_id, done)


def _delete_unused(model_id: str, done: Retained) -> None:
    if not logged_models.is_used(model_id):
        logged_models.delete(model_id)
        done.model_ids.append(model_id)


def _ranges(numbers: list[int]) -> str:
    """`1-3, 7` for 1, 2, 3, 7."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
