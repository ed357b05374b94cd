"""A release: the three levels trained in one run, on one history and one commit."""

from collections.abc import Iterable

from mlflow import MlflowClient

from kaidan.errors import RegistryError
from kaidan.features.contract import LEVELS
from kaidan.registry.decision import Decision
from kaidan.registry.store import Version, live_version, store_errors, versions_of

RELEASE = "release"


def release_versions(release: str | None = None) -> tuple[str, list[Version]]:
    """The versions of a release, level 1 first.

    Parameters
    ----------
    release : str, optional
        The run of `kaidan train --level all`, or the first digits of its id; default: the newest.

    Raises
    ------
    RegistryError
        There is no such release, several begin alike, or it lacks a level.
    """
    by_release: dict[str, dict[int, Version]] = {}
    for level in LEVELS:
        for version in versions_of(level, tagged=RELEASE):
            by_release.setdefault(version.tags[RELEASE], {}).setdefault(level, version)
    if release is None:
        newest = max(
            (version for versions in by_release.values() for version in versions.values()),
            key=lambda version: version.created_ms,
            default=None,
        )
        found = [] if newest is None else [newest.tags[RELEASE]]
    else:
        found = [one for one in by_release if one.startswith(release)]
    if len(found) != 1:
        asked = "one" if release is None else f"{release!r}"
        raise RegistryError(
            f"{len(found)} releases match {asked}, wanted 1; kaidan train --level all makes one, "
            "and its run's id names it"
        )
    versions = by_release[found[0]]
    lacking = [str(level) for level in LEVELS if level not in versions]
    if lacking:
        raise RegistryError(
            f"release {found[0][:8]} lacks level {', '.join(lacking)}: its training was cut off "
            "or a version deleted; promote its levels one by one, or train another"
        )
    return found[0], [versions[level] for level in LEVELS]


def describe_release(release: str, decided: Iterable[tuple[Version, Decision]]) -> None:
    """Write on the run of a release what became of each level."""
    lines = ["| level | version | verdict | live now | refused by |", "|---|---|---|---|---|"]
    for version, decision in decided:
        live = live_version(version.level)
        lines.append(
            f"| {version.level} | {version.number} | {decision.verdict} | "
            f"version {live.number if live else 'none'} | "
            f"{', '.join(check.name for check in decision.blocking) or '-'} |"
        )
    text = "\n".join(lines) + "\n"
    with store_errors("write to a run"):
        client = MlflowClient()
        client.set_tag(release, "mlflow.note.content", text)
        client.log_text(release, text, "release.md")
