"""The files behind versions: who shares them, when they go, and what `mlflow gc` leaves."""

import os
import subprocess
import sys
from pathlib import Path

import mlflow

from kaidan.registry.retention import logged_models
from kaidan.registry.retention.deletion import retain
from kaidan.registry.retention.survey import Rule, survey
from kaidan.registry.store import get_version
from kaidan.registry.verification import verify
from tests.release import register_twin
from tests.retention_kit import keep, kept, promoted, register_copy, survey_of, whole
from tests.server import only_sqlite

__all__ = ["promoted", "whole"]


def test_files_that_another_version_shares_stay(store, settings) -> None:
    twins = [register_twin() for _ in range(3)]
    own = register_copy()
    mlflow.register_model(f"models:/{logged_models.by_version(3)[own]}", "mine")
    register_copy()
    found = survey((3,), Rule(1), settings)
    assert [one.verdict.version.number for one in found.goes[3]] == [*twins, own]
    done = retain(found, settings)
    assert done.versions == {3: [*twins, own]}
    assert done.model_ids == []
    verify(get_version(3, 1), settings)


@only_sqlite
def test_of_versions_that_share_their_files_the_last_to_go_frees_them(store, settings) -> None:
    own = register_copy()
    uri = f"models:/{logged_models.by_version(3)[own]}"
    mlflow.register_model(uri, "ensemble_level3", tags=get_version(3, own).tags)
    register_copy()
    planned = survey_of(3, settings)
    freed = {one.verdict.version.number: one.freed_bytes > 0 for one in planned}
    assert freed == {1: False, own: False, own + 1: True, own + 2: False}
    assert len(keep(1, settings).model_ids) == 1


def test_mlflow_gc_frees_the_files_and_no_others(
    promoted, settings, release, request, whole
) -> None:
    models = logged_models.by_version(3)
    done = keep(1, settings)
    (command,) = logged_models.gc_commands(done.model_ids)
    environment = dict(os.environ)
    if "--artifacts-destination" in command:
        server = request.getfixturevalue("server")
        environment["ARTIFACTS"] = str(server.artifacts)
        environment["DATABASE"] = (
            f"postgresql+psycopg2://mlflow@/mlflow?host={server.data / 'postgres'}"
        )
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    before = {path for path in release.artifacts.rglob("*") if path.is_file()}
    ran = subprocess.run(
        command, shell=True, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    gone = {path for path in before if {models[1], models[2]} & set(path.parts)}
    assert gone
    assert {path for path in release.artifacts.rglob("*") if path.is_file()} == before - gone
    for number in kept():
        verify(get_version(3, number), settings)


@only_sqlite
def test_the_command_for_gc_is_cut_where_it_would_be_too_long(store) -> None:
    commands = logged_models.gc_commands([f"m-{number:032}" for number in range(2500)])
    assert [command.count("m-0") for command in commands] == [1000, 1000, 500]
    assert max(map(len, commands)) < 128_000


@only_sqlite
def test_a_logged_model_that_is_gone_is_deleted_already(store) -> None:
    logged_models.delete("m-" + 32 * "0")
