"""Three levels trained in one run are one release."""

import mlflow
import pytest

from kaidan.errors import RegistryError
from kaidan.registry.release import release_versions
from kaidan.registry.store import get_version
from tests.release import register_twin


def test_training_all_levels_makes_a_release_and_its_run_says_what_became_of_it(store) -> None:
    run, versions = release_versions()
    assert [(version.level, version.number) for version in versions] == [(1, 1), (2, 1), (3, 1)]
    found = mlflow.get_run(run)
    assert found.data.params["level"] == "all"
    assert "| 2 | 1 | promotable | version 1 | - |" in found.data.tags["mlflow.note.content"]


def test_a_release_is_found_by_the_first_digits_of_its_run(store) -> None:
    run, versions = release_versions()
    assert release_versions(run[:8]) == (run, versions)
    with pytest.raises(RegistryError, match="0 releases match 'none', wanted 1"):
        release_versions("none")


def test_a_release_that_lacks_a_level_is_refused_by_name(store) -> None:
    mlflow.MlflowClient().delete_model_version("ensemble_level2", "1")
    with pytest.raises(RegistryError, match="lacks level 2: its training was cut off"):
        release_versions()


def test_the_newest_version_decides_which_release_is_the_newest(store) -> None:
    for level in (1, 2, 3):
        number = register_twin(level)
        mlflow.MlflowClient().set_model_version_tag(
            f"ensemble_level{level}", str(number), "release", "f" * 32
        )
    run, versions = release_versions()
    assert run == "f" * 32
    assert versions == [get_version(level, 2) for level in (1, 2, 3)]
