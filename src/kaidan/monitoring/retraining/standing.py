"""How far the retraining of a week has come, as the registry tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlflow import MlflowClient

from kaidan.features.contract import LEVELS
from kaidan.monitoring.retraining.ruling import Ruling, ruling_on
from kaidan.registry.release import RELEASE
from kaidan.registry.runs import experiment_id
from kaidan.registry.store import Version, store_errors, versions_of

WEEK = "retraining"  # tag of versions and runs
_PARENT = "mlflow.parentRunId"


@dataclass(frozen=True)
class Standing:
    """What there is of a week's release.

    Attributes
    ----------
    week : str
    release : str or None
        Its run; None when there is nothing to go on with.
    versions : dict of level to Version
    rulings : tuple of Ruling
        One a level once all of them are decided; else empty.
    """

    week: str
    release: str | None = None
    versions: dict[int, Version] = field(default_factory=dict)
    rulings: tuple[Ruling, ...] = ()

    @property
    def lacking(self) -> tuple[int, ...]:
        """Levels that are still to be trained."""
        return tuple(level for level in LEVELS if level not in self.versions)

    @property
    def todo(self) -> str:
        """What a retraining would do next."""
        if self.rulings:
            return "nothing, it is decided"
        if not self.lacking:
            return f"judge release {str(self.release)[:8]}, which is trained, and promote it or not"
        levels = ", ".join(map(str, self.lacking))
        if self.versions:
            return f"go on with release {str(self.release)[:8]}, which was cut off: level {levels}"
        return f"train levels {levels}, judge them and promote them or not"


def look(week: str, identity: Mapping[str, str]) -> Standing:
    """Find the release of a week.

    The first whole one counts, whatever it learnt from. One that was cut off is gone on with if it
    learns from the same; else it is left, and nothing ever promotes it.

    Parameters
    ----------
    week : str
    identity : mapping of tag to value
        What versions of one release have in common: data, code, settings.
    """
    releases: dict[str, dict[int, Version]] = {}
    for level in LEVELS:
        for version in versions_of(level, tagged=WEEK):
            if version.tags[WEEK] == week:
                releases.setdefault(version.tags[RELEASE], {})[level] = version
    whole = {run: found for run, found in releases.items() if len(found) == len(LEVELS)}
    if whole:
        run = min(whole, key=lambda one: _registered(whole[one]))
        rulings = tuple(filter(None, (ruling_on(whole[run][level]) for level in LEVELS)))
        decided = rulings if len(rulings) == len(LEVELS) else ()
        return Standing(week, run, whole[run], decided)
    same = {run: found for run, found in releases.items() if _alike(found, identity)}
    if not same:
        return Standing(week)
    run = max(same, key=lambda one: _registered(same[one]))
    return Standing(week, run, same[run])


def close_runs(standing: Standing) -> None:
    """End the runs that retrainings of this week, all of them dead, left open."""
    kept = {standing.release, *(version.run_id for version in standing.versions.values())}
    with store_errors("end the runs of a retraining that was cut off"):
        client, experiment = MlflowClient(), experiment_id()
        cut_off = _running(client, experiment, f"tags.{WEEK} = '{standing.week}'")
        for run in list(cut_off):
            cut_off += _running(client, experiment, f"tags.`{_PARENT}` = '{run}'")
        for run in dict.fromkeys(cut_off):
            client.set_terminated(run, "FINISHED" if run in kept else "KILLED")


def _running(client: MlflowClient, experiment: str, wanted: str) -> list[str]:
    found = client.search_runs([experiment], f"{wanted} and attributes.status = 'RUNNING'")
    return [run.info.run_id for run in found]


def _registered(found: Mapping[int, Version]) -> int:
    return max(version.created_ms for version in found.values())


def _alike(found: Mapping[int, Version], identity: Mapping[str, str]) -> bool:
    return all(
        version.tags.get(tag) == value
        for version in found.values()
        for tag, value in identity.items()
    )
