"""One entry of the history: what was meant, what became of it, and all that explains it later."""

import json
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from kaidan.registry.owner import Owner


class Action(StrEnum):
    """What was asked for."""

    promotion = "promotion"
    rollback = "rollback"
    repair = "repair"
    retention = "retention"
    found = "found"


class State(StrEnum):
    """How far it has come.

    `waiting`: for its turn, or at work with nothing moved yet. `moving`: all is decided and written
    down, so that whoever comes next can finish it. `done`, `undone`: over. `refused`: a gate said
    no. `failed`: something else did, and nothing was moved. `abandoned`: cut off before it moved.
    """

    waiting = "waiting"
    moving = "moving"
    done = "done"
    undone = "undone"
    refused = "refused"
    failed = "failed"
    abandoned = "abandoned"

    @property
    def is_open(self) -> bool:
        """Somebody is at it, or died over it."""
        return self in (State.waiting, State.moving)

    @property
    def had_turn(self) -> bool:
        """It was its owner's turn, so every record before it is over."""
        return self in (State.done, State.undone, State.refused)


@dataclass(frozen=True)
class Move:
    """What happened, or is to happen, to one level.

    Attributes
    ----------
    level : int
    before : int or None
        Version that was live.
    after : int or None
        Version that is live then; `before` once more when the level keeps it.
    candidate : int or None
        Version that was judged.
    previous : int or None
        Version that a rollback goes back to.
    beneath : int or None
        Number of the record that made `previous` live; None when the history does not go so far.
    verdict : str
        `promoted`, `forced`, `refused`, `rolled back`, `repaired`, `found`.
    decision : dict
        What the gates said: `profile`, `champion`, `checks` (name to value,
        wanted, mark: texts), `notes`.
    facts : dict of str
        Of the candidate, for the day it is deleted: model_sha256, git_commit, run_id, ...
    """

    level: int
    before: int | None
    after: int | None
    candidate: int | None = None
    previous: int | None = None
    beneath: int | None = None
    verdict: str = ""
    decision: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def changes(self) -> bool:
        """Another version is live afterwards."""
        return self.before != self.after


@dataclass(frozen=True)
class Record:
    """One entry of the history.

    Attributes
    ----------
    number : int
        Place in the one order of all entries of all levels.
    action : Action
    state : State
    owner : Owner
    began_ms : int
        By the store's clock, in milliseconds since the epoch.
    levels : tuple of int
        That were asked for.
    moves : tuple of Move
    reason : str
        As given by a person; else empty.
    ended_at : str
        ISO 8601 in UTC; empty while it is open.
    said : str
        What came of it, or went wrong, in one line.
    beats : int
        Raised by its owner while it is at work.
    taken_by : int or None
        Number of the record whose owner took this one over.
    """

    number: int
    action: Action
    state: State
    owner: Owner
    began_ms: int
    levels: tuple[int, ...]
    moves: tuple[Move, ...] = ()
    reason: str = ""
    ended_at: str = ""
    said: str = ""
    beats: int = 0
    taken_by: int | None = None

    def with_(self, **changes: Any) -> Self:
        """A copy with other values."""
        return replace(self, **changes)

    def move(self, level: int) -> Move | None:
        """What it did to a level."""
        return next((move for move in self.moves if move.level == level), None)

    def made_live(self, level: int) -> Move | None:
        """The move that changed what is live at a level; None when this entry did not."""
        move = self.move(level)
        return move if self.state is State.done and move is not None and move.changes else None

    def to_text(self) -> str:
        """All but what the store knows by itself, as one JSON text."""
        whole = asdict(self)
        for known in ("number", "began_ms", "taken_by"):
            del whole[known]
        return json.dumps(whole, sort_keys=True)

    @classmethod
    def from_text(
        cls, text: str, *, number: int, began_ms: int, taken_by: int | None = None
    ) -> Self:
        """The inverse of `to_text`.

        Raises
        ------
        ValueError, TypeError, KeyError
            It is not such a text.
        """
        whole = json.loads(text)
        return cls(
            number=number,
            began_ms=began_ms,
            taken_by=taken_by,
            action=Action(whole.pop("action")),
            state=State(whole.pop("state")),
            owner=Owner(**whole.pop("owner")),
            levels=tuple(whole.pop("levels")),
            moves=tuple(Move(**move) for move in whole.pop("moves")),
            **whole,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for `--json` and an artifact."""
        whole = asdict(self)
        whole["owner"] = self.owner.name
        del whole["beats"], whole["taken_by"]
        return whole
