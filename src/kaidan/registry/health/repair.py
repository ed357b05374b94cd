"""The history is the truth: what it says is live becomes so again, if it is still sound.

Nothing is put live that was not live before.
"""

from collections.abc import Collection

from kaidan.errors import StoreError
from kaidan.registry import journal
from kaidan.registry.health.agreement import check_agreement
from kaidan.registry.health.examination import Health, training
from kaidan.registry.health.overview import Overview, look
from kaidan.registry.health.soundness import first_sound
from kaidan.registry.record import Action, Move, State
from kaidan.registry.rollback import Step, put_back, steps_back
from kaidan.registry.store import get_version, set_live, versions_of
from kaidan.registry.turn import Turn, take_turn
from kaidan.settings import Settings


def repair(levels: Collection[int], settings: Settings) -> list[str]:
    """Finish what was left half-done, then bring stage and aliases back to what the history says.

    Where the version that should be live is gone or damaged, the nearest that was live before it
    and verifies takes its place. What is live and unknown to the history is entered there.

    Parameters
    ----------
    levels : collection of int
        Those in trouble; the levels of open records are added.
    settings : Settings

    Returns
    -------
    list of str
        What was done, and what could not be, a line each.

    Raises
    ------
    RegistryError
        Somebody else is at work for too long, or the store fails.
    """
    open_records = look(()).open_records
    chosen = tuple(sorted({*levels, *(n for one in open_records for n in one.levels)}))
    before = look(chosen)
    with take_turn(Action.repair, chosen, settings, reason="kaidan doctor --fix") as turn:
        said = [*_finished(before), *_entered(before, turn)]
        moves = []
        for level in chosen:
            move, line = _mend(level, turn, settings)
            if move is not None:
                moves.append(move)
            if line:
                said.append(line)
        done = "; ".join(said)
        if any(move.changes for move in moves):
            turn.carry_out(tuple(moves), done)
        elif moves:
            turn.close(State.done, done, tuple(moves))
    return said


def _finished(before: Overview) -> list[str]:
    found = [journal.read(record.number) for record in before.open_records]
    return [
        f"record {one.number}, a {one.action}, is {one.state}: {one.said}"
        for one in found
        if not one.state.is_open
    ]


def _entered(before: Overview, turn: Turn) -> list[str]:
    return [
        f"level {level}: version {live.number} is in the history now"
        for level, live in turn.live.items()
        if before.standing[level] is None and live is not None
    ]


def _mend(level: int, turn: Turn, settings: Settings) -> tuple[Move | None, str]:
    """What to do about a level, and how to say it; what takes one step is done here."""
    standing, target, fault = _target(level, settings)
    turn.beat()
    if standing is None:
        return None, f"level {level}: nothing was ever live; {training(level)}"
    if target is None:
        return None, f"level {level}: no version that was live is sound; {training(level)}"
    live, version = turn.live[level], get_version(level, target.version)
    move = put_back(version, target, live, "repaired")
    if move.changes:
        return move, f"level {level}: version {version.number} is live again{fault}"
    agreement = check_agreement(
        level, versions_of(level), version.number, target.previous, settings
    )
    if all(one.state is Health.ok for one in agreement):
        return None, ""
    set_live(version, target.previous, stages=settings.bot.registry.stages)
    return move, f"level {level}: stage and aliases say version {version.number} again"


def _target(level: int, settings: Settings) -> tuple[Step | None, Step | None, str]:
    """What should be live by the history, what can be, and why they differ."""
    standing = next(steps_back(level), None)
    target, refused = first_sound(level, steps_back(level), settings)
    error = refused.get(standing.version) if standing else None
    if isinstance(error, StoreError):
        # That the store does not give it out is no proof that it is damaged.
        raise error
    return standing, target, f", for {str(error).rpartition('; ')[0]}" if error else ""
