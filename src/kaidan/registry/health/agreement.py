"""Whether stage and aliases of a level say what its history says."""

from mlflow import MlflowClient

from kaidan.registry.health.examination import FIX, Finding, fail, ok
from kaidan.registry.store import (
    PREVIOUS_ALIAS,
    PRODUCTION,
    PRODUCTION_ALIAS,
    Version,
    model_name,
    store_errors,
)
from kaidan.settings import Settings


def check_agreement(
    level: int,
    versions: list[Version],
    live: int,
    previous: int | None,
    settings: Settings,
) -> list[Finding]:
    """Hold the stages and the aliases against what should be live.

    Parameters
    ----------
    level : int
    versions : list of Version
        All of the level's.
    live : int
        Version that should be live.
    previous : int or None
        Version that a rollback goes back to, by the history.
    settings : Settings
        Stages may be out of use.
    """
    aliases = _aliases(level)
    known = {version.number for version in versions}
    staged = tuple(sorted(one.number for one in versions if one.stage == PRODUCTION))
    found = []
    if settings.bot.registry.stages:
        found.append(_compare(f"stage {PRODUCTION}", level, staged, (live,)))
    for alias, wanted in (
        (PRODUCTION_ALIAS, live),
        (PREVIOUS_ALIAS, previous if previous in known else None),
    ):
        found.append(_compare(f"alias {alias}", level, _one(aliases.get(alias)), _one(wanted)))
    return found


def _aliases(level: int) -> dict[str, int]:
    name = model_name(level)
    with store_errors(f"read the aliases of {name}"):
        found = MlflowClient().get_registered_model(name).aliases
    return {alias: int(number) for alias, number in found.items()}


def _compare(name: str, level: int, actual: tuple[int, ...], wanted: tuple[int, ...]) -> Finding:
    if actual == wanted:
        return ok(name, level, _named(actual))
    return fail(name, level, f"{_named(actual)}, the history says {_named(wanted)}", FIX)


def _one(number: int | None) -> tuple[int, ...]:
    return () if number is None else (number,)


def _named(numbers: tuple[int, ...]) -> str:
    if not numbers:
        return "no version"
    return f"version{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"
