"""A version appears whole, with all its tags, or not at all."""

import sys
from pathlib import Path

import mlflow
import pytest

from kaidan.artifact.package_hash import package_sha256
from kaidan.errors import ArtifactError, RegistryError
from kaidan.registry.registration import register
from kaidan.registry.store import get_version, live_version, newest_number
from kaidan.registry.verification import verify
from tests.packages import bundled_like, register_like, stored_package
from tests.server import only_sqlite


@pytest.fixture
def in_a_run(store):
    experiment = mlflow.get_experiment_by_name("kaidan").experiment_id
    with mlflow.start_run(experiment_id=experiment) as run:
        yield run


def damage_after_logging(
    monkeypatch: pytest.MonkeyPatch, artifacts: Path, path: str, data: bytes | None
) -> None:
    """Let the artifact store lose or change a file as soon as it was written."""
    log_model = mlflow.pyfunc.log_model

    def log(**arguments):
        logged = log_model(**arguments)
        (folder,) = artifacts.glob(f"*/models/{logged.model_id}/artifacts")
        file = folder / path
        if data is None:
            file.unlink()
        else:
            file.write_bytes(data)
        return logged

    monkeypatch.setattr(mlflow.pyfunc, "log_model", log)


def test_a_version_has_its_tags_from_its_first_moment(in_a_run, release, tmp_path) -> None:
    bundled, dataset = bundled_like(get_version(3, 1), tmp_path / "bundle", mark="new")
    version = register(bundled, dataset, {"level": "3", "git_commit": "c0ffee"})
    assert version.tags == {
        "verdict": "not judged",
        "n_features": "57",
        "level": "3",
        "git_commit": "c0ffee",
        "model_sha256": bundled.model_sha256,
        "package_sha256": package_sha256(stored_package(version, release.artifacts)),
    }
    assert (version.number, version.run_id) == (2, in_a_run.info.run_id)
    assert live_version(3).number == 1


@only_sqlite
def test_a_level_of_which_there_is_no_version_yet_gets_its_first(store, tmp_path) -> None:
    first = get_version(3, 1)
    bundled, dataset = bundled_like(first, tmp_path / "bundle", mark="first")
    mlflow.MlflowClient().delete_registered_model("ensemble_level3")
    with mlflow.start_run(experiment_id=mlflow.get_experiment_by_name("kaidan").experiment_id):
        assert register(bundled, dataset, {"level": "3"}).number == 1


@only_sqlite
@pytest.mark.parametrize(
    ("path", "data", "reason"),
    [
        ("artifacts/bundle/graph.onnx", b"half", "graph.onnx has another size"),
        ("artifacts/bundle/reference.json", None, "misses: reference.json"),
        ("artifacts/bundle/more.json", b"{}", "does not list: more.json"),
        ("artifacts/runtime.py", b"answer = 1", "runtime.py has other bytes than"),
        ("pyfunc_model.py", b"answer = 1", "pyfunc_model.py has other bytes than"),
        ("artifacts/runtime.py", None, "No such file"),
    ],
)
def test_what_reads_back_otherwise_is_not_registered(
    in_a_run, release, tmp_path, monkeypatch, path, data, reason
) -> None:
    bundled, dataset = bundled_like(get_version(3, 1), tmp_path / "bundle", mark="lost")
    damage_after_logging(monkeypatch, release.artifacts, path, data)
    with pytest.raises(RegistryError, match=f"{reason}.*nothing was registered") as error:
        register(bundled, dataset, {"level": "3"})
    assert "\n" not in str(error.value)
    assert newest_number(3) == 1


@only_sqlite
def test_another_bundle_than_the_one_that_was_measured_is_not_logged(in_a_run, tmp_path) -> None:
    bundled, dataset = bundled_like(get_version(3, 1), tmp_path / "bundle", mark="new")
    (bundled.folder / "graph.onnx").write_bytes(b"another")
    with pytest.raises(ArtifactError, match=r"not logged: .*graph\.onnx has another size"):
        register(bundled, dataset, {"level": "3"})
    assert mlflow.search_logged_models(filter_string=f"source_run_id = '{_id(in_a_run)}'").empty


def test_a_run_that_is_cut_off_before_registering_leaves_the_registry_as_it_was(
    in_a_run, tmp_path, monkeypatch, settings
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    bundled, dataset = bundled_like(get_version(3, 1), tmp_path / "bundle", mark="new")
    with monkeypatch.context() as patched:
        patched.setattr(mlflow, "register_model", die)
        with pytest.raises(Killed):
            register(bundled, dataset, {"level": "3"})
    assert newest_number(3) == 1
    assert verify(live_version(3), settings).level == 3
    assert register(bundled, dataset, get_version(3, 1).tags | {"level": "3"}).number == 2


@only_sqlite
def test_no_client_leaves_byte_code_in_the_store_and_the_hash_stays_true(
    store, release, tmp_path, monkeypatch, settings
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    version = register_like(3, tmp_path / "bundle", mark="read in place")
    mlflow.pyfunc.load_model("models:/ensemble_level3/2")
    files = {path.name for path in stored_package(version, release.artifacts).rglob("*")}
    assert "registered_model_meta" in files
    assert not [name for name in files if name.endswith(".pyc")]
    assert verify(version, settings).level == 3
    assert sys.dont_write_bytecode is False


def _id(run) -> str:
    return run.info.run_id
