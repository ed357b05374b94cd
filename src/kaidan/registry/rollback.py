"""The way back: the version that the live one replaced, and the one before that."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from kaidan.errors import RegistryError
from kaidan.registry import journal
from kaidan.registry.record import Action, Move
from kaidan.registry.store import Version, get_version, model_name
from kaidan.registry.turn import Turn, take_turn
from kaidan.registry.verification import verify
from kaidan.settings import Settings


class OvertakenError(RegistryError):
    """Somebody else changed what is live in the meantime; nothing was moved."""


@dataclass(frozen=True)
class Step:
    """A version that was live, and what it had replaced.

    Attributes
    ----------
    version : int
    previous : int or None
        Version beneath it.
    beneath : int or None
        Number of the record that made `previous` live.
    """

    version: int
    previous: int | None
    beneath: int | None


def rollback(
    levels: tuple[int, ...],
    settings: Settings,
    *,
    to: int | None = None,
    reason: str = "",
    while_standing: Mapping[int, int] | None = None,
) -> tuple[Move, ...]:
    """Put back what was live before, at several levels together or at none.

    It was judged when it was promoted, so only its integrity is checked again. After a release a
    level that the release had left as it was stays so.

    Parameters
    ----------
    levels : tuple of int
    settings : Settings
    to : int, optional
        A version that was live once, with one level.
    reason : str
    while_standing : mapping of level to int, optional
        Number of the record that made live what is to be left.

    Returns
    -------
    tuple of Move
        Of the levels that changed.

    Raises
    ------
    OvertakenError
        Something else is live than `while_standing` says.
    RegistryError
        There is nothing to go back to, or the target is gone or not what was registered: the
        message names the nearest version that can be gone back to. Nothing was moved.
    """
    with take_turn(Action.rollback, levels, settings, reason=reason) as turn:
        _check_standing(while_standing or {}, turn)
        moves = tuple(
            _move(level, to, turn, settings)
            for level in levels
            if len(levels) == 1 or not _kept_by_the_release(level, turn)
        )
        gone = ", ".join(f"level {m.level} leaves version {m.before}" for m in moves)
        return turn.carry_out(moves, gone).moves


def steps_back(level: int) -> Iterator[Step]:
    """What was live at a level, from what is live now backwards, each as it was replaced."""
    record = journal.standing(level)
    while record is not None:
        move = record.made_live(level)
        if move is None or move.after is None:
            return
        yield Step(move.after, move.previous, move.beneath)
        record = journal.read(move.beneath) if move.beneath is not None else None


def _check_standing(wanted: Mapping[int, int], turn: Turn) -> None:
    for level, number in wanted.items():
        record = turn.standing[level]
        if turn.live[level] is None or record is None or record.number != number:
            raise OvertakenError(
                f"level {level}: what record {number} of {journal.HISTORY} made live is not live "
                f"any more; nothing was moved, kaidan history --level {level} says who was faster"
            )


def _move(level: int, to: int | None, turn: Turn, settings: Settings) -> Move:
    # No more of the way back is read than is gone: it may be a thousand records long.
    beneath = steps_back(level)
    standing = next(beneath, None)
    if standing is None:
        raise RegistryError(f"level {level} has no Production version; train one first")
    live = turn.live[level]
    if live is not None and to == live.number:
        raise RegistryError(f"level {level}: version {to} is live already; name another one")
    if to is None:
        target = _before(level, standing, beneath)
    else:
        target = _named(level, to, standing, beneath, settings)
    version = _verified(level, target.version, standing, settings)
    return put_back(version, target, live, "rolled back")


def put_back(version: Version, step: Step, live: Version | None, verdict: str) -> Move:
    """The move that makes `version` live again, in the place in the history that `step` tells."""
    return Move(
        version.level,
        before=live.number if live else None,
        after=version.number,
        candidate=version.number,
        previous=step.previous,
        beneath=step.beneath,
        verdict=verdict,
        facts=version.facts,
    )


def _before(level: int, standing: Step, beneath: Iterator[Step]) -> Step:
    step = next(beneath, None)
    if step is None:
        raise RegistryError(
            f"level {level}: version {standing.version} replaced no other; name one that was live "
            f"with --to VERSION (kaidan history --level {level}), or train one"
        )
    return step


def _named(
    level: int, to: int, standing: Step, beneath: Iterator[Step], settings: Settings
) -> Step:
    step = next((step for step in beneath if step.version == to), None)
    if step is not None:
        return step
    if not _was_live(level, to):
        # One that is gone, damaged or imported says so itself.
        verify(get_version(level, to), settings)
        raise RegistryError(
            f"version {to} of {model_name(level)} was never in Production; "
            f"judge it first: kaidan promote --level {level} --version {to}"
        )
    # It was rolled away from: it goes on top again.
    record = journal.standing(level)
    return Step(to, standing.version, record.number if record else None)


def _was_live(level: int, version: int) -> bool:
    return version in _once_live(level)


def _once_live(level: int) -> Iterator[int]:
    """Versions that were live, newest first; some more than once."""
    for record in journal.newest_first():
        move = record.made_live(level)
        if move is not None and move.after is not None:
            yield move.after


def _verified(level: int, number: int, standing: Step, settings: Settings) -> Version:
    try:
        version = get_version(level, number)
        verify(version, settings)
    except RegistryError as error:
        nearest = _nearest(level, number, standing, settings)
        raise RegistryError(
            f"level {level} cannot go back to version {number}: {error}; "
            + (
                f"the nearest that can be gone back to: kaidan rollback --level {level} "
                f"--to {nearest}"
                if nearest is not None
                else "no other version that was live verifies"
            )
        ) from error
    return version


def _nearest(level: int, refused: int, standing: Step, settings: Settings) -> int | None:
    """The version that verifies nearest beneath what is live, else any that was live once."""
    tried = {refused, standing.version}
    for number in chain((step.version for step in steps_back(level)), _once_live(level)):
        if number in tried:
            continue
        tried.add(number)
        try:
            verify(get_version(level, number), settings)
        except RegistryError:
            continue
        return number
    return None


def _kept_by_the_release(level: int, turn: Turn) -> bool:
    """The newest of the records that made the levels live left this one as it was."""
    newest = max(
        (record for record in turn.standing.values() if record is not None),
        key=lambda record: record.number,
        default=None,
    )
    move = newest.move(level) if newest else None
    return move is not None and not move.changes
