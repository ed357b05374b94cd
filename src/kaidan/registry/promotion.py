"""Moving the live version: read back, hashed, smoke-tested, then promoted; the way back too."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from kaidan.artifact.runtime import Runtime, RuntimeRefusal
from kaidan.errors import RefusedError, RegistryError
from kaidan.features.contract import level_contract
from kaidan.registry.decision import Decision
from kaidan.registry.judgement import judge, record
from kaidan.registry.store import (
    PRODUCTION,
    Version,
    describe_level,
    fetch_bundle,
    get_version,
    live_version,
    set_live,
    set_tags,
)
from kaidan.settings import Settings


def verify(version: Version, settings: Settings) -> None:
    """Read the version back, check hash and contract, and ask it for one answer.

    Raises
    ------
    RegistryError
        It is not what was registered, or does not answer.
    """
    expected = level_contract(settings, version.level).sha256
    if version.tag("contract_sha256") != expected:
        raise RegistryError(
            f"{version.name} version {version.number} was trained for contract "
            f"{version.tag('contract_sha256')[:12]}, this kaidan computes {expected[:12]}; "
            "train a new version"
        )
    with tempfile.TemporaryDirectory() as folder:
        bundle = fetch_bundle(version, Path(folder))
        try:
            runtime = Runtime.open(bundle, expected_sha256=version.tag("model_sha256"))
            runtime.predict(np.zeros((1, len(runtime.features)), dtype=np.float32))
        except RuntimeRefusal as error:
            raise RegistryError(
                f"{version.name} version {version.number} is not what was registered: {error}; "
                "train a new version"
            ) from error
    if runtime.contract_sha256 != expected:
        raise RegistryError(
            f"{version.name} version {version.number} carries the contract of something else; "
            "train a new version"
        )


def promote(
    version: Version,
    settings: Settings,
    *,
    decision: Decision | None = None,
    force: bool = False,
    reason: str = "",
) -> Decision:
    """Make `version` the one in Production if the gates agree, or if forced with a reason.

    Parameters
    ----------
    version : Version
    settings : Settings
    decision : Decision, optional
        Of the moment, and recorded; default: judge it now.
    force : bool
    reason : str

    Raises
    ------
    RefusedError
        A blocking check says no; nothing was moved.
    RegistryError
        The version cannot be judged or verified, or the store cannot be written.
    """
    before = live_version(version.level)
    if before is not None and before.number == version.number:
        if version.stage != PRODUCTION and settings.bot.registry.stages:
            # A promotion of another version was cut off between the two: bring them in step.
            set_live(version, _replaced(version), stages=True)
        return judge(version, settings)
    verify(version, settings)
    if decision is None:
        decision = judge(version, settings)
        record(version, decision)
    if not decision.passed and not force:
        raise RefusedError(
            f"{version.name} version {version.number} is refused: {decision.refusals}; "
            "the live version stays (--force --reason TEXT overrides)"
        )
    tags = {"promoted_at": _now(), "verdict": "promoted" if decision.passed else "forced"}
    if before is not None:
        tags["replaced_version"] = str(before.number)
    if reason:
        tags["promotion_reason"] = reason
    set_live(version, before, stages=settings.bot.registry.stages)
    set_tags(version, tags)
    why = reason or "every blocking gate passed"
    instead = f", instead of version {before.number}" if before else ""
    describe_level(
        version.level,
        f"**Live: version {version.number}**{instead}, since {tags['promoted_at']}: {why}.\n\n"
        + decision.to_markdown(),
    )
    return decision


def rollback(level: int, settings: Settings, *, to: int | None = None) -> tuple[Version, Version]:
    """Put the version back that the live one replaced, or the one asked for.

    It was judged when it was promoted, so only its integrity is checked again.

    Returns
    -------
    (Version, Version)
        The version that was live and the one that is now.

    Raises
    ------
    RegistryError
        Nothing is live, there is nothing to go back to, or the target cannot be verified.
    """
    live = live_version(level)
    if live is None:
        raise RegistryError(f"level {level} has no Production version; train one first")
    if to == live.number:
        raise RegistryError(f"level {level}: version {to} is live already; name another one")
    number = to if to is not None else int(live.tags.get("replaced_version", 0))
    if number == 0:
        raise RegistryError(
            f"level {level}: version {live.number} is live and replaced no other; "
            "name one with --to VERSION"
        )
    target = get_version(level, number)
    if "promoted_at" not in target.tags:
        raise RegistryError(
            f"version {number} of {target.name} was never in Production; "
            f"judge it first: kaidan promote --level {level} --version {number}"
        )
    verify(target, settings)
    set_live(target, _replaced(target), stages=settings.bot.registry.stages)
    when = _now()
    set_tags(live, {"rolled_back_at": when})
    describe_level(
        level, f"**Live: version {number}**, since {when}: rolled back from version {live.number}."
    )
    return live, target


def _replaced(version: Version) -> Version | None:
    number = version.tags.get("replaced_version")
    return get_version(version.level, int(number)) if number else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
