"""What follows when a canary fails: the version before it is made live again."""

from dataclasses import dataclass
from typing import Any

from kaidan.monitoring.canary import CanaryVerdict
from kaidan.registry import journal
from kaidan.registry.record import Action, Move, Record
from kaidan.registry.rollback import OvertakenError, rollback
from kaidan.registry.store import Version
from kaidan.settings import Settings


@dataclass(frozen=True)
class TakenBack:
    """What was done about a canary that fails.

    Attributes
    ----------
    level, version : int
    live : int or None
        Version that is live instead; None when nothing was moved.
    said : str
        One sentence.
    """

    level: int
    version: int
    live: int | None
    said: str

    def __str__(self) -> str:
        return self.said

    @property
    def moved(self) -> bool:
        """Another version is live."""
        return self.live is not None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return vars(self).copy()


def watched_before(version: Version) -> int | None:
    """The version that a live one is held against: the one that it replaced when promoted.

    None when it is not newly promoted: it came back by a rollback, was set by hand, replaced no
    other, or another one has become live.

    Raises
    ------
    RegistryError
        The history cannot be read.
    """
    promoted = _promotion(version.level, version.number)
    return None if promoted is None else promoted[1].previous


def take_back(verdict: CanaryVerdict, settings: Settings) -> TakenBack:
    """Make the version before live again, where the verdict fails and the settings say so.

    Whether it is still the version that was watched is looked at when it is this writer's turn, so
    that two who watch the same canary take it back once.

    Raises
    ------
    RegistryError
        The version before is gone or is not what was registered, somebody else is at work for too
        long, or the store cannot be used; nothing was moved.
    """
    who = f"level {verdict.level} version {verdict.version}"
    if not verdict.fails:
        return _left(verdict, f"{who} stays: {verdict.reason}")
    if not settings.bot.monitoring.canary.rolls_back:
        return _left(
            verdict,
            f"{who} stays, for canary.rolls_back is false: {verdict.reason}; "
            f"kaidan rollback --level {verdict.level} takes it back",
        )
    promoted = _promotion(verdict.level, verdict.version)
    if promoted is None or promoted[1].previous != verdict.before:
        return _left(
            verdict,
            f"{who} is not what was promoted last over version {verdict.before}: "
            "nothing is taken back",
        )
    try:
        (move,) = rollback(
            (verdict.level,),
            settings,
            reason=f"canary: {verdict.reason}",
            while_standing={verdict.level: promoted[0].number},
        )
    except OvertakenError as error:
        return _left(verdict, str(error))
    said = f"level {move.level} is back at version {move.after}: {verdict}"
    return TakenBack(verdict.level, verdict.version, move.after, said)


def _promotion(level: int, version: int) -> tuple[Record, Move] | None:
    """The record that promoted what is live, where it is this version."""
    record = journal.standing(level)
    move = record.made_live(level) if record is not None else None
    if record is None or move is None or record.action is not Action.promotion:
        return None
    return (record, move) if move.after == version else None


def _left(verdict: CanaryVerdict, said: str) -> TakenBack:
    return TakenBack(verdict.level, verdict.version, None, said)
