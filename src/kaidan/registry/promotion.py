"""Moving the live version: verified, judged, written down, then moved; one level, or a release."""

from collections.abc import Sequence
from dataclasses import dataclass

from kaidan.errors import RefusedError
from kaidan.registry.decision import Decision
from kaidan.registry.judgement import judge, record
from kaidan.registry.record import Action, Move, State
from kaidan.registry.store import PRODUCTION, Version, set_live
from kaidan.registry.turn import Turn, take_turn
from kaidan.registry.verification import verify
from kaidan.settings import Settings


@dataclass(frozen=True)
class Outcome:
    """What became of one candidate.

    Attributes
    ----------
    version : Version
    decision : Decision
    before : int or None
        Version that was live.
    live : bool
        The candidate is, now.
    """

    version: Version
    decision: Decision
    before: int | None
    live: bool


def promote(
    version: Version, settings: Settings, *, force: bool = False, reason: str = ""
) -> Decision:
    """Make `version` the one in Production if the gates agree, or if forced with a reason.

    Raises
    ------
    RefusedError
        A blocking check says no; nothing was moved.
    RegistryError
        The version cannot be judged or verified, somebody else is at work for too long, or the
        store cannot be written.
    """
    (outcome,) = promote_all([version], settings, force=force, reason=reason)
    if not outcome.live:
        raise RefusedError(
            f"{version.name} version {version.number} is refused: {outcome.decision.refusals}; "
            "the live version stays (--force --reason TEXT overrides)"
        )
    return outcome.decision


def promote_all(
    versions: Sequence[Version], settings: Settings, *, force: bool = False, reason: str = ""
) -> tuple[Outcome, ...]:
    """Promote one version each of several levels together, or none of them.

    Which of them move when a gate refuses one is the policy `release` of `gates.yaml`.

    Raises
    ------
    RegistryError
        One of them cannot be judged or verified, somebody else is at work for too long, or the
        store cannot be written.
    """
    levels = tuple(version.level for version in versions)
    with take_turn(Action.promotion, levels, settings, reason=reason) as turn:
        judged = [_judge(version, turn, settings) for version in versions]
        held_back = settings.gates.release == "whole" and not all(
            decision.passed or turn.is_live(version)
            for version, decision in zip(versions, judged, strict=True)
        )
        passes = [
            force or turn.is_live(version) or (decision.passed and not held_back)
            for version, decision in zip(versions, judged, strict=True)
        ]
        moves = tuple(
            _move(version, decision, turn, passed)
            for version, decision, passed in zip(versions, judged, passes, strict=True)
        )
        if any(move.changes for move in moves):
            turn.carry_out(moves, _said(moves, force=force))
        elif not all(passes):
            turn.close(State.refused, _refusals(judged), moves)
        return tuple(
            Outcome(version, decision, move.before, passed)
            for version, decision, move, passed in zip(versions, judged, moves, passes, strict=True)
        )


def _judge(version: Version, turn: Turn, settings: Settings) -> Decision:
    if turn.is_live(version):
        if version.stage != PRODUCTION and settings.bot.registry.stages:
            # Somebody moved the stage by hand: bring it in step with the alias.
            set_live(version, _previous(version.level, turn), stages=True)
        return judge(version, settings)
    verify(version, settings)
    decision = judge(version, settings)
    record(version, decision)
    turn.beat()
    return decision


def _previous(level: int, turn: Turn) -> int | None:
    standing = turn.standing[level]
    move = standing.made_live(level) if standing else None
    return move.previous if move else None


def _move(version: Version, decision: Decision, turn: Turn, passes: bool) -> Move:
    level = version.level
    live, standing = turn.live[level], turn.standing[level]
    before = live.number if live else None
    known = standing.made_live(level) if standing else None
    if live is None and known is not None:
        # What was live has been deleted: a rollback goes to what it had replaced.
        previous, beneath = known.previous, known.beneath
    else:
        previous, beneath = before, standing.number if standing else None
    if turn.is_live(version):
        verdict = "live already"
    elif passes:
        verdict = "promoted" if decision.passed else "forced"
    else:
        verdict = "held back" if decision.passed else "refused"
    return Move(
        level,
        before=before,
        after=version.number if passes else before,
        candidate=version.number,
        previous=previous,
        beneath=beneath,
        verdict=verdict,
        decision=decision.to_record(),
        facts=version.facts,
    )


def _said(moves: tuple[Move, ...], *, force: bool) -> str:
    stays = [f"level {m.level} keeps what it has: {m.verdict}" for m in moves if not m.changes]
    return "; ".join(["forced" if force else "every blocking gate passed", *stays])


def _refusals(judged: Sequence[Decision]) -> str:
    return "; ".join(decision.refusals for decision in judged if not decision.passed)
