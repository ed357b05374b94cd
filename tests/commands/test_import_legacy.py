"""import-legacy as a user types it."""

import pytest

from kaidan.registry.store import live_version
from tests.legacy import empty_store, empty_store_file, metadata, old
from tests.release import kaidan, using

__all__ = ["empty_store", "empty_store_file", "old"]

FILE = "archive/production_ensemble_20250901_0310.pkl"


@pytest.fixture
def folder(old) -> str:
    old.pickles(FILE, "production/production_ensemble_57.pkl", "production/lightgbm.pkl")
    old.json("archive/metadata.json", metadata())
    old.text("production/metadata.json", "{")
    return str(old.root)


def test_what_was_imported_is_shown_with_what_is_known_and_what_is_not(empty_store, folder) -> None:
    done = kaidan("import-legacy", folder)
    assert (done.code, done.err) == (0, "")
    text = " ".join(done.out.split())
    assert "imported, version 1" in text
    assert f"{FILE}: level 2: by its name; time 2025-10-31 03:00 UTC: from its metadata" in text
    assert "not used: production/metadata.json: is not JSON" in text
    assert "2 imported, 1 left out. No pickle was loaded" in text
    again = " ".join(kaidan("import-legacy", folder).out.split())
    assert "2 already there, 1 left out" in again


def test_brackets_in_a_name_are_shown_as_they_are(empty_store, old) -> None:
    old.pickles("a[/b]/production_ensemble.pkl")
    done = kaidan("import-legacy", str(old.root))
    assert done.code == 0, done.err
    assert done.out.count("a[/b]/production_ensemble.pkl") == 2


def test_the_answer_as_json_is_one_object(empty_store, folder) -> None:
    answer = kaidan("import-legacy", folder, "--json").json
    assert (answer["folder"], answer["dry_run"]) == (folder, False)
    (fault,) = answer["faults"]
    assert fault.startswith("production/metadata.json: is not JSON")
    one = next(model for model in answer["models"] if model["path"] == FILE)
    assert (one["state"], one["model"], one["version"]) == ("imported", "ensemble_level2", 1)
    assert (one["n_features"], one["n_metrics"]) == (62, 3)
    left = next(model for model in answer["models"] if model["state"] == "left out")
    assert (left["path"], left["model"]) == ("production/lightgbm.pkl", None)


def test_a_dry_run_shows_the_plan_and_makes_no_store(folder, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with using(tmp_path / "new.db"):
        done = kaidan("import-legacy", folder, "--dry-run")
    assert done.code == 0
    assert "2 would be imported, 1 left out" in " ".join(done.out.split())
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("path", "said"),
    [("nowhere", "nowhere is not a folder"), (".", "holds no model (.pkl, .pickle, .joblib)")],
)
def test_a_folder_without_models_is_one_line(tmp_path, monkeypatch, path, said) -> None:
    monkeypatch.chdir(tmp_path)
    done = kaidan("import-legacy", path)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("kaidan: ")
    assert said in done.err
    assert done.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_cannot_be_opened_is_one_line(folder, tmp_path) -> None:
    (tmp_path / "file").touch()
    with using(tmp_path / "file" / "store.db"):
        done = kaidan("import-legacy", folder)
    assert (done.code, done.out) == (1, "")
    assert done.err.count("\n") == 1
    assert "is MLFLOW_TRACKING_URI right" in done.err


def test_an_imported_version_can_be_neither_promoted_nor_rolled_back_to(
    empty_store, folder
) -> None:
    kaidan("import-legacy", folder)
    promotion = ("promote", "--level", "2", "--version", "1")
    for command in (
        promotion,
        (*promotion, "--force", "--reason", "it was good"),
        ("rollback", "--level", "2", "--to", "1"),
    ):
        done = kaidan(*command)
        assert (done.code, done.out) == (1, "")
        assert done.err.count("\n") == 1
        assert live_version(2) is None
    assert "imported history" in kaidan(*promotion).err


def test_status_after_an_import_shows_that_nothing_is_live(empty_store, folder) -> None:
    kaidan("import-legacy", folder)
    done = kaidan("status", "--json")
    assert [row["version"] for row in done.json["levels"]] == [None, None, None]
