"""doctor, as a user types it: a table for people, an object for machines, one exit code."""

import json
import os
import subprocess
import sys

import mlflow
import pytest

from tests.release import kaidan, using


@pytest.fixture
def doctor(release):
    """Runs the command with the release's settings."""
    return lambda *more: kaidan("doctor", "--config", str(release.config), *more)


def alias_by_hand(version: int) -> None:
    mlflow.MlflowClient().set_registered_model_alias("ensemble_level3", "production", str(version))


@pytest.fixture
def astray(store) -> None:
    """The alias of level 3 names the version of another model."""
    source = mlflow.MlflowClient().get_model_version("ensemble_level2", "1").source
    mlflow.register_model(source, "ensemble_level3")
    alias_by_hand(2)


def test_a_healthy_release_is_told_line_by_line_and_exits_with_0(store, doctor) -> None:
    done = doctor()
    assert (done.code, done.err) == (0, "")
    lines = [line.rstrip() for line in done.out.splitlines()]
    assert lines[0].startswith("ok             store             sqlite:///")
    assert "ok    level 3  alias production  version 1" in lines
    assert "-> kaidan train --level 3" in done.out
    assert lines[-1] == "healthy: 0 failures, 6 warnings"
    assert max(map(len, lines)) <= 140


def test_as_json_it_is_one_object(store, doctor) -> None:
    answer = doctor("--json").json
    assert set(answer) == {"healthy", "findings"}
    assert answer["healthy"] is True
    assert answer["findings"][1] == {
        "name": "open records",
        "level": None,
        "state": "ok",
        "found": "none",
        "do": "",
    }


def test_a_failure_exits_with_1_and_says_what_to_do(astray, doctor) -> None:
    done = doctor()
    assert (done.code, done.err) == (1, "")
    lines = [line.rstrip() for line in done.out.splitlines()]
    row = lines.index("fail  level 3  alias production  version 2, the history says version 1")
    assert lines[row + 1].strip() == "-> kaidan doctor --fix"
    assert lines[-1].startswith("not healthy: 1 failure, ")


def test_with_fix_it_tells_what_it_did_and_is_healthy_afterwards(astray, doctor) -> None:
    done = doctor("--fix")
    assert done.code == 0, done.out
    lines = [line.rstrip() for line in done.out.splitlines()]
    assert lines[:4] == [
        "level 3: version 1 is live again",
        *(f"level {level}: the cached copy is renewed" for level in (1, 2, 3)),
    ]
    assert lines[-1] == "healthy: 0 failures, 3 warnings"
    assert doctor().code == 0
    assert kaidan("history", "--level", "3", "--json").json["entries"][0]["what"] == "repair"


def test_with_fix_and_json_it_is_one_object_with_what_it_did(astray, doctor) -> None:
    answer = doctor("--fix", "--json").json
    assert answer["healthy"] is True
    assert answer["fixed"][0] == "level 3: version 1 is live again"
    assert doctor("--fix", "--json").json["fixed"] == []


def test_what_cannot_be_mended_still_fails_after_fix(store, doctor) -> None:
    mlflow.MlflowClient().delete_model_version("ensemble_level3", "1")
    done = doctor("--fix")
    assert done.code == 1
    lines = [line.strip() for line in done.out.splitlines()]
    fault = "fail  level 3  history           version 1, live since record 1, was deleted"
    row = lines.index(fault)
    assert lines[row + 1] == "-> kaidan train --level 3"


def test_in_a_folder_without_a_store_it_says_so_and_makes_none(
    tmp_path, doctor, monkeypatch
) -> None:
    monkeypatch.setenv("KAIDAN_HOME", str(tmp_path / "home"))
    with using(tmp_path / "none.db"):
        done = doctor("--fix")
    assert done.code == 1
    assert f"there is no {tmp_path / 'none.db'}" in done.out
    assert not (tmp_path / "none.db").exists()


def test_a_server_that_is_down_makes_no_other_noise(release, tmp_path) -> None:
    environment = os.environ | {
        "MLFLOW_TRACKING_URI": "http://bob:S3same@127.0.0.1:9",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "KAIDAN_HOME": str(tmp_path / "home"),
    }
    command = [sys.executable, "-m", "kaidan", "doctor", "--json", "--config", str(release.config)]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (1, "")
    answer = json.loads(done.stdout)
    assert [one["name"] for one in answer["findings"]] == ["store", *["cached copy"] * 3]
    assert "S3same" not in done.stdout


def test_its_help_names_its_options(monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    done = kaidan("doctor", "--help")
    assert done.code == 0
    assert all(option in done.out for option in ("--fix", "--config", "--json"))


def test_a_configuration_that_is_not_there_is_wrong_use(store) -> None:
    done = kaidan("doctor", "--config", "nowhere")
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1
