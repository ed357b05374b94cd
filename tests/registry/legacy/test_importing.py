"""Old models as archived history: registered once, whole, and never live."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from kaidan.errors import RegistryError
from kaidan.registry.legacy.folder import scan
from kaidan.registry.legacy.importing import EXPERIMENT, Imported, import_models
from kaidan.registry.store import Version, get_version, live_version, versions_of
from kaidan.registry.verification import verify
from kaidan.settings import Settings, load_settings
from tests.legacy import COMMIT, empty_store, empty_store_file, metadata, old
from tests.release import using

__all__ = ["empty_store", "empty_store_file", "old"]

NAME = "ensemble_level2"
FILE = "archive/production_ensemble_20250901_0310.pkl"
WRITES = (
    *("create_experiment", "create_run", "log_batch", "log_text", "set_terminated"),
    *("create_registered_model", "create_model_version", "transition_model_version_stage"),
)
N_WRITES = 10  # of one model; three of them are texts


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings()


def without_stages(settings: Settings) -> Settings:
    registry = settings.bot.registry.model_copy(update={"stages": False})
    return settings.model_copy(
        update={"bot": settings.bot.model_copy(update={"registry": registry})}
    )


def imported(old, settings: Settings, *, dry_run: bool = False) -> list[Imported]:
    return import_models(scan(old.root).models, settings, dry_run=dry_run)


def runs(status: str) -> list[str]:
    client = MlflowClient()
    found = client.get_experiment_by_name(EXPERIMENT)
    if found is None:
        return []
    wanted = f"attributes.status = '{status}'"
    return [run.info.run_id for run in client.search_runs([found.experiment_id], wanted)]


def test_a_version_tells_all_that_is_known_and_that_it_is_no_model(
    empty_store, old, settings
) -> None:
    old.pickles(FILE)
    old.json("archive/metadata.json", metadata())
    (one,) = imported(old, settings)
    assert (one.state, one.version) == ("imported", 1)
    version = MlflowClient().get_model_version(NAME, "1")
    assert (version.current_stage, version.aliases) == ("Archived", [])
    assert version.tags == {
        "verdict": "legacy",
        "level": "2",
        "n_features": "62",
        "legacy_sha256": one.model.sha256,
        "legacy_path": FILE,
        "legacy_time": "2025-10-31T03:00:00+00:00",
        "legacy_time_from": "from its metadata",
        "legacy_metadata": "metadata: metadata.json",
        "git_commit": COMMIT,
        "git_branch": "main",
    }
    text = " ".join(version.description.split())
    assert f"The pickle `{FILE}` is not loaded and not kept here" in text
    assert "can be neither promoted nor rolled back to" in text


def test_the_run_keeps_metrics_params_features_and_the_json_but_no_pickle(
    empty_store, old, settings, tmp_path
) -> None:
    old.pickles(FILE)
    old.json("archive/metadata.json", metadata())
    imported(old, settings)
    version = get_version(2, 1)
    run = mlflow.get_run(version.run_id)
    assert run.info.status == "FINISHED"
    assert mlflow.get_experiment(run.info.experiment_id).name == EXPERIMENT
    assert run.data.metrics["performance_metrics.lightgbm.f1_score"] == 0.95
    assert run.data.params["notes"] == "weekly training"
    folder = Path(
        mlflow.artifacts.download_artifacts(f"models:/{NAME}/1", dst_path=str(tmp_path / "got"))
    )
    assert {path.name for path in folder.rglob("*") if path.is_file()} == {
        "features.txt",
        "findings.md",
        "metadata.json",
    }
    assert len((folder / "features.txt").read_text().split()) == 62


def test_thousands_of_values_are_kept(empty_store, old, settings) -> None:
    old.pickles(FILE)
    old.json(
        "archive/metadata.json",
        {"importance": list(range(1500)), **{f"note_{n}": str(n) for n in range(250)}},
    )
    imported(old, settings)
    data = mlflow.get_run(get_version(2, 1).run_id).data
    assert (len(data.metrics), len(data.params)) == (1500, 250)


def test_older_models_have_lower_versions(empty_store, old, settings) -> None:
    paths = [f"archive/production_ensemble_2025090{day}.pkl" for day in (1, 2, 3)]
    old.pickles(*reversed(paths))
    imported(old, settings)
    assert [get_version(2, n).tags["legacy_path"] for n in (1, 2, 3)] == paths


def test_a_second_import_finds_everything_there(empty_store, old, settings) -> None:
    old.pickles(FILE, "production/production_ensemble_57.pkl")
    imported(old, settings)
    again = imported(old, settings)
    assert [one.state for one in again] == ["already there"] * 2
    assert [one.version for one in again] == [1, 1]
    assert len(runs("FINISHED")) == 2


def test_the_same_pickle_in_another_folder_is_another_entry(empty_store, old, settings) -> None:
    old.pickles(FILE)
    shutil.copy(old.root / FILE, old.root / "production_ensemble.pkl")
    assert [one.version for one in imported(old, settings)] == [1, 2]


def test_what_has_no_level_is_left_out(empty_store, old, settings) -> None:
    old.pickles("production/lightgbm.pkl")
    (one,) = imported(old, settings)
    assert (one.state, one.version) == ("left out", None)
    assert MlflowClient().search_registered_models() == []


def test_a_dry_run_tells_the_plan_and_writes_nothing(empty_store, old, settings) -> None:
    old.pickles(FILE, "production/production_ensemble.pkl")
    before = empty_store.read_bytes()
    assert {one.state for one in imported(old, settings, dry_run=True)} == {"would be imported"}
    assert empty_store.read_bytes() == before
    imported(old, settings)
    old.pickles("production/production_ensemble_57.pkl")
    states = [one.state for one in imported(old, settings, dry_run=True)]
    assert sorted(states) == ["already there", "already there", "would be imported"]


def test_a_dry_run_makes_no_store(old, settings, tmp_path) -> None:
    old.pickles(FILE)
    with using(tmp_path / "new.db"):
        imported(old, settings, dry_run=True)
    assert not (tmp_path / "new.db").exists()


def test_without_stages_nothing_is_staged(empty_store, old, settings) -> None:
    old.pickles(FILE)
    imported(old, without_stages(settings))
    assert get_version(2, 1).stage == "None"


@pytest.fixture
def live(empty_store) -> Version:
    """Version 1 of level 2, in Production."""
    client = MlflowClient()
    client.create_registered_model(NAME)
    client.create_model_version(NAME, source="nowhere", tags={"model_sha256": "0"})
    with pytest.warns(FutureWarning, match="stages"):
        client.transition_model_version_stage(NAME, "1", "Production")
    client.set_registered_model_alias(NAME, "production", "1")
    return live_version(2)


def test_an_import_changes_neither_the_live_version_nor_its_aliases(live, old, settings) -> None:
    old.pickles(FILE, "production/production_ensemble.pkl")
    imported(old, settings)
    assert live_version(2) == live
    assert [version.stage for version in versions_of(2)] == ["Archived", "Archived", "Production"]
    assert MlflowClient().get_registered_model(NAME).aliases == {"production": 1}


def test_a_level_with_old_models_alone_has_nothing_live(empty_store, old, settings) -> None:
    old.pickles(FILE)
    imported(old, settings)
    assert live_version(2) is None


def test_an_imported_version_does_not_verify(empty_store, old, settings) -> None:
    old.pickles(FILE)
    imported(old, settings)
    with pytest.raises(RegistryError, match="version 1 is imported history: its pickle was"):
        verify(get_version(2, 1), settings)


@contextmanager
def cut_off(monkeypatch: pytest.MonkeyPatch, after: int) -> Iterator[None]:
    """Let whoever writes to MLflow die when it wants to write once more."""
    done = []

    def dying(write):
        def write_or_die(*args, **kwargs):
            if len(done) == after:
                raise KeyboardInterrupt
            done.append(write)
            return write(*args, **kwargs)

        return write_or_die

    with monkeypatch.context() as patched:
        for name in WRITES:
            patched.setattr(MlflowClient, name, dying(getattr(MlflowClient, name)))
        yield


@pytest.mark.parametrize("after", range(N_WRITES))
def test_wherever_an_import_is_cut_off_the_next_one_finishes_it(
    empty_store, old, settings, monkeypatch, after
) -> None:
    old.pickles(FILE)
    old.json("archive/metadata.json", metadata())
    with cut_off(monkeypatch, after), pytest.raises(KeyboardInterrupt):
        imported(old, settings)
    assert all(version.tags["verdict"] == "legacy" for version in versions_of(2))
    (one,) = imported(old, settings)
    assert one.version == 1
    (version,) = versions_of(2)
    assert version.stage == "Archived"
    assert (runs("FINISHED"), runs("RUNNING")) == ([version.run_id], [])
    assert len(mlflow.get_run(version.run_id).data.metrics) == 3


def test_there_is_no_write_after_those(empty_store, old, settings, monkeypatch) -> None:
    old.pickles(FILE)
    old.json("archive/metadata.json", metadata())
    with cut_off(monkeypatch, N_WRITES):
        imported(old, settings)
