"""The hash moves with every byte and every name, and with nothing that a reader leaves."""

import hashlib
import os
from pathlib import Path

import pytest

from kaidan.artifact.package_hash import package_sha256
from kaidan.errors import ArtifactError


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    (folder / "artifacts" / "bundle").mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors")
    (folder / "artifacts" / "runtime.py").write_text("answer = 1\n")
    (folder / "artifacts" / "bundle" / "graph.onnx").write_bytes(b"graph")
    return folder


def test_the_hash_is_that_of_the_sorted_names_with_their_hashes(package: Path) -> None:
    model, graph, runtime = (
        hashlib.sha256(data).hexdigest() for data in (b"flavors", b"graph", b"answer = 1\n")
    )
    text = (
        f'{{"MLmodel":"{model}","artifacts/bundle/graph.onnx":"{graph}",'
        f'"artifacts/runtime.py":"{runtime}"}}'
    )
    assert package_sha256(package) == hashlib.sha256(text.encode()).hexdigest()


def test_what_mlflow_writes_for_whoever_asked_last_does_not_count(package: Path) -> None:
    before = package_sha256(package)
    (package / "registered_model_meta").write_text("model_name: a\nmodel_version: '2'\n")
    assert package_sha256(package) == before
    (package / "artifacts" / "registered_model_meta").write_text("elsewhere it does")
    assert package_sha256(package) != before


def test_an_empty_folder_does_not_count(package: Path) -> None:
    before = package_sha256(package)
    (package / "empty").mkdir()
    assert package_sha256(package) == before


def test_every_name_and_every_byte_counts(package: Path) -> None:
    seen = {package_sha256(package)}
    changes = [
        lambda: (package / "MLmodel").write_text("flavorz"),
        lambda: (package / "MLmodel").rename(package / "mlmodel"),
        lambda: (package / "artifacts" / "runtime.py").rename(package / "runtime.py"),
        (package / "artifacts" / "bundle" / ".hidden").touch,
        (package / "artifacts" / "bundle" / "graph.onnx").unlink,
    ]
    for change in changes:
        change()
        seen.add(package_sha256(package))
    assert len(seen) == 1 + len(changes)


@pytest.mark.parametrize("name", ["MLmodel", "artifacts", "registered_model_meta", "lost"])
def test_a_link_is_refused_wherever_it_points(package: Path, tmp_path: Path, name: str) -> None:
    if (package / name).exists():
        (package / name).rename(tmp_path / name)
    (package / name).symlink_to(tmp_path / name)
    refused(package, f"{name} is not a regular file")


def test_a_pipe_is_refused_and_not_waited_for(package: Path) -> None:
    os.mkfifo(package / "pipe")
    refused(package, "pipe is not a regular file")


def test_a_package_that_is_not_there_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "nothing", "cannot read .*nothing .No such file")


def refused(package: Path, reason: str) -> None:
    with pytest.raises(ArtifactError, match=reason) as caught:
        package_sha256(package)
    assert "\n" not in str(caught.value)
