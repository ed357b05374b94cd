"""`kaidan promote`, `rollback`: how what is live changes."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from kaidan.commands.options import (
    ConfigDir,
    Json,
    ProfileName,
    answer,
    several_levels,
)
from kaidan.errors import RefusedError, UsageError
from kaidan.settings import load_settings

if TYPE_CHECKING:
    from kaidan.registry.promotion import Outcome

SeveralLevels = Annotated[str, typer.Option("--level", metavar="{1,2,3,all}", help="Which level.")]


def promote(
    level: SeveralLevels,
    version: Annotated[
        int | None, typer.Option(metavar="VERSION", help="Version to put live, of one level.")
    ] = None,
    release: Annotated[
        str | None,
        typer.Option(
            metavar="RUN", help="With --level all: the run that trained them; default: the newest."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Promote although a gate refuses.")
    ] = False,
    reason: Annotated[
        str, typer.Option(help="Why; required with --force, kept in the history.")
    ] = "",
    profile: ProfileName = None,
    config: ConfigDir = None,
    as_json: Json = False,
) -> None:
    """Hold a version against the gates, then make it the one in Production.

    With --level all: the three versions of a release, together.
    """
    levels = several_levels(level)
    if len(levels) == 1 and (version is None or release is not None):
        raise UsageError("--level got one level, wanted --version V with it, and no --release")
    if len(levels) > 1 and version is not None:
        raise UsageError("--version got a version for all levels; name one --level, or --release")
    if force and not reason:
        raise UsageError("--force got no --reason TEXT; say why the gates are overruled")
    settings = load_settings(config).with_profile(profile)

    from kaidan.registry.promotion import promote_all
    from kaidan.registry.release import describe_release, release_versions
    from kaidan.registry.store import get_version

    if version is not None:
        run, versions = None, [get_version(levels[0], version)]
    else:
        run, versions = release_versions(release)
    outcomes = promote_all(versions, settings, force=force, reason=reason)
    if run is not None:
        describe_release(run, ((one.version, one.decision) for one in outcomes))
    if not any(one.live for one in outcomes):
        raise RefusedError(
            "; ".join(
                f"{one.version.name} version {one.version.number} is refused: "
                f"{one.decision.refusals or 'another level of its release is'}"
                for one in outcomes
            )
            + "; what is live stays (--force --reason TEXT overrides)"
        )
    answered = [_promoted(one) for one in outcomes]
    answer(
        {"release": run, "levels": answered} if run is not None else answered[0],
        lambda: "\n".join(f"{_sentence(one)}\n{one.decision}" for one in outcomes),
        as_json=as_json,
    )


def _promoted(one: "Outcome") -> dict[str, Any]:
    return {
        "level": one.version.level,
        "version": one.version.number,
        "live": one.live,
        "before": one.before,
        "decision": one.decision.to_dict(),
    }


def _sentence(one: "Outcome") -> str:
    name = f"{one.version.name} version {one.version.number}"
    if one.before == one.version.number:
        return f"{name} is live already"
    if one.live:
        return f"{name} is live" + (f", instead of version {one.before}" if one.before else "")
    return f"{name} is refused: " + (
        f"version {one.before} stays" if one.before else "nothing is live at this level"
    )


def rollback(
    level: SeveralLevels,
    to: Annotated[
        int | None,
        typer.Option(metavar="VERSION", help="One that was live once, instead of the one before."),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; kept in the history.")] = "",
    config: ConfigDir = None,
    as_json: Json = False,
) -> None:
    """Put the previous Production version back; once more goes further back."""
    levels = several_levels(level)
    if to is not None and len(levels) > 1:
        raise UsageError("--to got a version for all levels; name one --level")
    settings = load_settings(config)

    from kaidan.registry import rollback as way_back

    moves = way_back.rollback(levels, settings, to=to, reason=reason)
    moved = [{"level": move.level, "from": move.before, "to": move.after} for move in moves]
    answer(
        {"rolled_back": moved},
        lambda: "\n".join(
            f"level {move.level}: version {move.after} is live again, instead of {move.before}"
            for move in moves
        ),
        as_json=as_json,
    )
