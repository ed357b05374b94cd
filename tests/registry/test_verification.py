"""What a version must still be before it is moved."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import mlflow
import pytest

from kaidan.errors import RegistryError
from kaidan.features.contract import LEVELS, level_contract
from kaidan.registry.store import Version, get_version
from kaidan.registry.verification import verify
from tests.packages import register_like, stored_package
from tests.server import only_sqlite


@pytest.fixture
def version(store, tmp_path: Path) -> Version:
    """With artifacts of its own."""
    return register_like(3, tmp_path / "bundle", mark="to be damaged")


@pytest.fixture
def package(version: Version, release) -> Path:
    """Its files, where the store keeps them."""
    return stored_package(version, release.artifacts)


def refused(version: Version, settings, reason: str) -> None:
    with pytest.raises(RegistryError, match=reason) as error:
        verify(version, settings)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(f"{version.name} version {version.number} ")
    assert tempfile.gettempdir() not in str(error.value)


def test_what_was_trained_verifies_and_is_given_back_open(store, settings) -> None:
    for level in LEVELS:
        runtime = verify(get_version(level, 1), settings)
        assert runtime.features == level_contract(settings, level).features


@only_sqlite
def test_a_twin_of_the_same_files_verifies(twin, settings) -> None:
    assert verify(twin(), settings).level == 3


@only_sqlite
@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("artifacts/bundle/graph.onnx", "graph.onnx has another sha256"),
        ("artifacts/bundle/contract.json", "contract.json has another sha256"),
        ("artifacts/bundle/manifest.json", "bundle is model .* wanted"),
        ("artifacts/runtime.py", "a file outside the bundle was changed"),
        ("pyfunc_model.py", "a file outside the bundle was changed"),
        ("MLmodel", "a file outside the bundle was changed"),
        ("requirements.txt", "a file outside the bundle was changed"),
        ("input_example.json", "a file outside the bundle was changed"),
    ],
)
def test_a_changed_byte_anywhere_is_refused(version, package, settings, path, reason) -> None:
    assert verify(version, settings).level == 3
    file = package / path
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    refused(version, settings, f"is not what was registered: .*{reason}.*; train a new version")


def test_byte_code_beside_the_script_is_refused(version, package, settings) -> None:
    barrier = package / "__pycache__"
    barrier.unlink()
    barrier.mkdir()
    (barrier / "pyfunc_model.cpython-311.pyc").write_bytes(b"evil")
    refused(version, settings, "a file outside the bundle was changed, added or removed")


def test_nothing_of_a_version_is_executed(version, package, settings, tmp_path) -> None:
    trace = tmp_path / "executed"
    for name in ("pyfunc_model.py", "artifacts/runtime.py"):
        (package / name).write_text(f"open({str(trace)!r}, 'w')\n")
    refused(version, settings, "is not what was registered")
    assert not trace.exists()


def test_a_version_without_its_files_is_one_line(version, package, settings) -> None:
    shutil.rmtree(package)
    with pytest.raises(RegistryError, match=r"cannot (read the bundle|download)") as error:
        verify(version, settings)
    assert "\n" not in str(error.value)


@only_sqlite
def test_a_version_of_another_contract_is_refused(version, settings) -> None:
    levels = settings.levels.model_copy(update={"formula_version": 99})
    later = settings.model_copy(update={"levels": levels})
    refused(version, later, r"was trained for contract .*train a new version")


@only_sqlite
def test_a_tag_of_another_contract_than_its_bundle_is_refused(version, settings) -> None:
    tags = version.tags | {"contract_sha256": "e" * 64}
    refused(replace(version, tags=tags), settings, "was trained for contract eeeeeeeeeeee")


@only_sqlite
def test_a_model_of_another_level_is_refused_though_its_hashes_are_right(settings, store) -> None:
    other = get_version(2, 1)
    source = mlflow.MlflowClient().get_model_version("ensemble_level2", "1").source
    mlflow.register_model(source, "ensemble_level3", tags=other.tags)
    refused(get_version(3, 2), settings, "is a model of level 2")


@only_sqlite
def test_the_files_of_one_version_under_the_tags_of_another_are_refused(settings, store) -> None:
    source = mlflow.MlflowClient().get_model_version("ensemble_level2", "1").source
    mlflow.register_model(source, "ensemble_level3", tags=get_version(3, 1).tags)
    refused(get_version(3, 2), settings, "is not what was registered: .* is model .* wanted")


@only_sqlite
@pytest.mark.parametrize("tag", ["model_sha256", "package_sha256", "contract_sha256"])
def test_a_version_that_something_else_registered_is_refused(version, settings, tag) -> None:
    tags = {name: value for name, value in version.tags.items() if name != tag}
    refused(replace(version, tags=tags), settings, f"has no tag '{tag}': kaidan did not register")


@only_sqlite
def test_imported_history_is_refused_before_anything_of_it_is_read(
    version, package, settings
) -> None:
    shutil.rmtree(package)
    legacy = replace(version, tags={"verdict": "legacy"})
    refused(legacy, settings, "is imported history: its pickle was described and is never loaded")
