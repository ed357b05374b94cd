"""One writer after the other: whoever changes the registry takes a number and waits for its turn.

The numbers come from MLflow, so this works alike for sqlite on one host and for a server with
several. A writer that was killed is recognised by the next one, which finishes what it had begun.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from kaidan.errors import KaidanError, RegistryError
from kaidan.registry import journal
from kaidan.registry.moves import carry_out, close, finish
from kaidan.registry.record import Action, Move, Record, State
from kaidan.registry.store import Version, live_version
from kaidan.settings import Settings

_PAUSE_S = 0.1


class Turn:
    """The right to change the registry, for as long as the `with` of `take_turn` lasts.

    Attributes
    ----------
    live : dict of level to Version or None
        What is live at the levels that were asked for.
    standing : dict of level to Record or None
        The record that made it live.
    """

    def __init__(self, record: Record, settings: Settings) -> None:
        self.record = record
        self._settings = settings
        self.live: dict[int, Version | None] = {}
        self.standing: dict[int, Record | None] = {}
        for level in record.levels:
            self.live[level] = live_version(level)
            self.standing[level] = journal.standing(level)

    def is_live(self, version: Version) -> bool:
        """Whether a version is what is live at its level."""
        live = self.live[version.level]
        return live is not None and live.number == version.number

    def beat(self) -> None:
        """Tell who waits that this one is at work; after each step that may take seconds."""
        self.record = journal.write(self.record.with_(beats=self.record.beats + 1))

    def carry_out(self, moves: tuple[Move, ...], said: str) -> Record:
        """Write down what is to happen, then do it.

        Raises
        ------
        RegistryError
            Another writer took this turn for dead, or the moves cannot be made.
        """
        # In this order: who takes over marks the record first and then looks whether it moves.
        self.record = journal.write(self.record.with_(state=State.moving, moves=moves, said=said))
        if journal.read(self.record.number).taken_by is not None:
            close(self.record, State.failed, "too slow, another writer took over")
            raise RegistryError(
                f"record {self.record.number} took longer than the lease of "
                f"{self._settings.bot.registry.lease_seconds:g} s and another writer took over; "
                "nothing was moved, try again"
            )
        self.record = carry_out(self.record, self._settings)
        return self.record

    def close(self, state: State, said: str, moves: tuple[Move, ...] = ()) -> Record:
        """End the turn without moving anything."""
        self.record = close(self.record.with_(moves=moves), state, said)
        return self.record


@contextmanager
def take_turn(
    action: Action, levels: tuple[int, ...], settings: Settings, *, reason: str = ""
) -> Iterator[Turn]:
    """Wait until nobody else changes the registry, and finish what others left unfinished.

    What is live and was not put there by kaidan is entered in the history first; for a repair only
    where the history says nothing, for there it is the truth.

    Parameters
    ----------
    action : Action
    levels : tuple of int
    settings : Settings
    reason : str

    Raises
    ------
    RegistryError
        Somebody else is at work for too long, or the store cannot be used.
    """
    turn = _begin(action, levels, settings, reason)
    found = _found(turn)
    if found:
        turn.record = turn.record.with_(action=Action.found)
        turn.close(State.done, "live without kaidan's doing: set by hand", found)
        turn = _begin(action, levels, settings, reason)
    try:
        yield turn
    except BaseException as error:
        if turn.record.state is State.waiting:
            _give_up(turn.record, error)
        raise
    if turn.record.state is State.waiting:
        turn.close(State.done, "nothing was to be moved")


def _begin(action: Action, levels: tuple[int, ...], settings: Settings, reason: str) -> Turn:
    own = journal.add(action, levels, reason)
    try:
        _wait(own, settings)
        return Turn(own, settings)
    except BaseException as error:
        _give_up(own, error)
        raise


def _give_up(record: Record, error: BaseException) -> None:
    """Close a record before anything was moved; when the store is gone, the next one does."""
    said = str(error) if isinstance(error, KaidanError) else type(error).__name__
    with suppress(RegistryError):
        close(record, State.failed, said)


def _wait(own: Record, settings: Settings) -> None:
    registry = settings.bot.registry
    seen: dict[int, tuple[Record, float]] = {}
    until = time.monotonic() + registry.wait_seconds
    while ahead := _ahead(own):
        now = time.monotonic()
        for record in ahead:
            if record.number not in seen or seen[record.number][0] != record:
                seen[record.number] = record, now
        alive = [
            record
            for record in ahead
            if not record.owner.is_dead() and now - seen[record.number][1] < registry.lease_seconds
        ]
        if not alive:
            # Only the first who is alive gets here: no two finish the same record.
            _recover(ahead[0], own, settings)
            continue
        if now > until:
            first = alive[0]
            raise RegistryError(
                f"{first.owner.name} has been at a {first.action} since {_at(first.began_ms)} "
                f"(record {first.number} of {journal.HISTORY}); waited "
                f"{registry.wait_seconds:g} s, nothing was changed; try again"
            )
        time.sleep(_PAUSE_S)


def _ahead(own: Record) -> list[Record]:
    """Open records before one's own, the first one first."""
    found = []
    for record in journal.still_open():
        if record.number >= own.number:
            continue
        if record.owner.token == own.owner.token:
            # The store answered too late and the client asked again: it is one's own, twice.
            close(record, State.abandoned, f"asked for twice, see record {own.number}")
        else:
            found.append(record)
    return found[::-1]


def _recover(record: Record, own: Record, settings: Settings) -> None:
    if record.taken_by != own.number:
        journal.take_over(record, own.number)
    again = journal.read(record.number)
    if again.to_text() == record.to_text():
        finish(again, own.number, settings)


def _found(turn: Turn) -> tuple[Move, ...]:
    """What is live at a level though the history says something else."""
    moves = []
    for level, live in turn.live.items():
        record = turn.standing[level]
        known = record.made_live(level) if record else None
        if known is not None and turn.record.action is Action.repair:
            continue
        if live is not None and (known is None or known.after != live.number):
            before = known.after if known else None
            moves.append(
                Move(
                    level,
                    before=before,
                    after=live.number,
                    previous=before,
                    beneath=record.number if record else None,
                    verdict="found",
                    facts=live.facts,
                )
            )
    return tuple(moves)


def _at(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1e3, UTC).isoformat(" ", "seconds")
