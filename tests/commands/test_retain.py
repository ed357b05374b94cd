"""retain, as a user types it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kaidan.registry.store import versions_of
from tests.release import kaidan, register_twin, using
from tests.retention_kit import register_copy


@pytest.fixture
def config(store, release) -> tuple[str, str]:
    """Level 3 has version 1 (live), two with files of their own, and a twin of version 1."""
    register_copy()
    register_copy()
    register_twin()
    return "--config", str(release.config)


def kept() -> list[int]:
    return [version.number for version in versions_of(3)][::-1]


def rows(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as reader:
        return list(reader.iterdump())


def test_the_plan_is_shown_before_it_is_carried_out(config) -> None:
    done = kaidan("retain", "--keep", "1", *config)
    assert done.code == 0
    plan, outcome = done.out.split("deleted level 3: versions 2-3; 2 logged models\n")
    lines = [line.split("│")[1:-1] for line in plan.splitlines() if "│" in line]
    cells = [[cell.strip() for cell in line] for line in lines if line[0].strip() == "3"]
    assert [(one[1], one[4], one[5]) for one in cells] == [
        ("4", "keep", "one of the newest 1"),
        ("3", "delete", "not one of the newest 1"),
        ("2", "delete", "not one of the newest 1"),
        ("1", "keep", "live"),
    ]
    assert [one[6] for one in cells][0::3] == ["-", "-"]
    assert all(float(one[6]) > 0 for one in cells[1:3])
    told, command = outcome.splitlines()
    assert "MLflow then also removes runs and experiments that somebody deleted" in told
    assert command.startswith("mlflow gc --backend-store-uri sqlite:///")
    assert kept() == [1, 4]


def test_a_dry_run_shows_the_plan_and_writes_nothing(config, store) -> None:
    before = rows(store)
    done = kaidan("retain", "--keep", "1", "--dry-run", *config)
    assert done.code == 0
    assert done.out.endswith("2 versions would be deleted; nothing was written\n")
    assert rows(store) == before


def test_it_answers_as_json(config) -> None:
    done = kaidan("retain", "--keep", "2", "--level", "3", "--json", *config)
    answer = done.json
    assert [(row["version"], row["kept"]) for row in answer["plan"]] == [
        (4, True),
        (3, True),
        (2, False),
        (1, True),
    ]
    assert answer["deleted"] == [{"level": 3, "versions": [2]}]
    assert answer["plan"][2]["freed_bytes"] > 0
    assert len(answer["logged_models"]) == len(answer["gc"]) == 1
    assert kept() == [1, 3, 4]


def test_young_versions_stay(config) -> None:
    done = kaidan("retain", "--keep", "1", "--older-than", "1", *config)
    assert done.out.endswith("nothing to delete\n")
    assert "not older than 1 day " in done.out
    assert kept() == [1, 2, 3, 4]


def test_with_nothing_registered_there_is_nothing_to_delete(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with using(tmp_path / "new.db"):
        done = kaidan("retain", "--keep", "1")
    assert (done.code, done.out.splitlines()[-1]) == (0, "nothing to delete")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing option '--keep'"),
        (("--keep", "0"), "'--keep': Input should be greater than or equal to 1"),
        (("--keep", "x"), "'--keep': Input should be a valid integer"),
        (("--keep", "1", "--older-than", "-1"), "'--older-than': Input should be greater than or"),
        (("--keep", "1", "--level", "4"), "--level got '4', wanted 1, 2, 3 or all"),
        (("--keep", "1", "--older", "4"), "No such option: --older"),
    ],
)
def test_wrong_use_is_one_line(arguments: tuple[str, ...], said: str) -> None:
    done = kaidan("retain", *arguments)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert said in done.err
