"""kill -9 after each single write of a promotion and of a rollback: the next command goes on."""

import signal
from pathlib import Path

import mlflow
import pytest

from kaidan.registry import journal
from kaidan.registry.record import State
from kaidan.registry.store import get_version, live_version
from kaidan.registry.verification import verify
from kaidan.settings import Settings, load_settings
from tests.faults.processes import Crowd
from tests.release import Release, register_twin
from tests.server import release, server, store

__all__ = ["release", "server", "store"]

LEVELS = (1, 2, 3)
ALL_WRITES = 100


@pytest.fixture
def every(release: Release) -> int:
    """Killed before every write of sqlite's, before every third of a server's: the same writes."""
    return 1 if isinstance(release.database, Path) else 3


def one_live_version(level: int, settings: Settings) -> int:
    """The version in Production, whose artifact loads: no moment may have none, or two."""
    versions = mlflow.MlflowClient().search_model_versions(f"name = 'ensemble_level{level}'")
    (staged,) = [one for one in versions if one.current_stage == "Production"]
    # While they are moved, the alias may still name the one that the stage has left.
    for number in {int(staged.version), live_version(level).number}:
        verify(get_version(level, number), settings)
    return int(staged.version)


def live_in_step(settings: Settings) -> dict[int, int]:
    """What is live at each level, when stage, aliases and history agree and nothing is open."""
    found = {level: one_live_version(level, settings) for level in LEVELS}
    for level, number in found.items():
        assert "production" in get_version(level, number).aliases
        standing = journal.standing(level).made_live(level)
        assert standing.after == number
        if standing.previous is not None:
            assert get_version(level, standing.previous).aliases == ("previous",)
    assert not [record for record in journal.newest_first() if record.state.is_open]
    return found


def count_versions() -> int:
    return len(mlflow.MlflowClient().search_model_versions("name LIKE 'ensemble_level%'"))


def test_a_promotion_killed_before_any_write_is_finished_or_never_began(
    release: Release, store, crowd: Crowd, every: int
) -> None:
    settings = load_settings(release.config)
    new = {3: register_twin(3)}
    n_versions = count_versions()
    fates = []
    for writes in range(0, ALL_WRITES, every):
        n_records = len(list(journal.newest_first()))
        killed = crowd.run(release.config, new, writes)
        assert one_live_version(3, settings) in (1, new[3])
        if killed == 0:
            break
        assert killed == -signal.SIGKILL
        began = len(list(journal.newest_first())) > n_records
        # The next command finishes the promotion and takes it back, or there is nothing to do.
        next_one = crowd.run(release.config, {3: None})
        fate = journal.read(n_records + 1).state if began else State.abandoned
        assert (next_one, fate) in ((0, State.done), (1, State.abandoned))
        assert live_in_step(settings) == {1: 1, 2: 1, 3: 1}
        fates.append(fate)
    assert fates == sorted(fates)  # abandoned, then done
    assert fates.count(State.done) > 5 / every
    assert live_in_step(settings) == {1: 1, 2: 1, **new}
    assert count_versions() == n_versions


def test_a_rollback_of_all_levels_killed_before_any_write_moves_all_of_them(
    release: Release, store, crowd: Crowd, every: int
) -> None:
    settings = load_settings(release.config)
    new = {level: register_twin(level) for level in LEVELS}
    old = dict.fromkeys(LEVELS, 1)
    assert crowd.run(release.config, new) == 0
    for writes in range(2, ALL_WRITES, every):
        killed = crowd.run(release.config, dict.fromkeys(LEVELS), writes)
        for level in LEVELS:
            assert one_live_version(level, settings) in (old[level], new[level])
        if killed == 0:
            break
        assert killed == -signal.SIGKILL
        # Whoever comes next, be it with nothing to do, leaves all levels where they were to go.
        assert crowd.run(release.config, {1: 1}) == 0
        assert live_in_step(settings) == old
        assert crowd.run(release.config, new) == 0
    assert writes > 10
    assert live_in_step(settings) == old
