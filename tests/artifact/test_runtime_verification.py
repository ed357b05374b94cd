"""Whatever was done to a bundle, it is refused with its reason, and before it is opened."""

import hashlib
import json
from pathlib import Path

import pytest

from kaidan.artifact import runtime as runtime_module
from kaidan.artifact.manifest import write_bundle
from kaidan.artifact.runtime import Runtime, RuntimeRefusal, verify_bundle
from tests.artifact.hard_members import NAMES

FILES = ["contract.json", "graph.onnx", "manifest.json", "reference.json"]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", [0, -1])
def test_a_flipped_bit_in_any_file_is_refused(bundle, name, place):
    folder, sha256 = bundle
    data = bytearray((folder / name).read_bytes())
    data[place] ^= 1
    (folder / name).write_bytes(data)
    reason = "is model" if name == "manifest.json" else f"{name} has another sha256"
    refused(folder, sha256, reason)


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_refused(bundle, name):
    folder, sha256 = bundle
    (folder / name).write_bytes((folder / name).read_bytes()[:-1])
    reason = "is model" if name == "manifest.json" else f"{name} has another size"
    refused(folder, sha256, reason)


@pytest.mark.parametrize("name", FILES)
def test_a_longer_file_is_refused(bundle, name):
    folder, sha256 = bundle
    (folder / name).write_bytes((folder / name).read_bytes() + b"\n")
    reason = "is model" if name == "manifest.json" else f"{name} has another size"
    refused(folder, sha256, reason)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused(bundle, name):
    folder, sha256 = bundle
    (folder / name).unlink()
    refused(folder, sha256, f"(has no|misses: ){name}|has no {name}")


def test_a_file_that_the_manifest_does_not_list_is_refused(bundle):
    folder, sha256 = bundle
    (folder / "extra.py").write_text("")
    refused(folder, sha256, r"does not list: extra\.py")


def test_a_folder_within_the_bundle_is_refused(bundle):
    folder, sha256 = bundle
    (folder / "more").mkdir()
    refused(folder, sha256, "more is not a regular file")


@pytest.mark.parametrize("name", FILES)
def test_a_link_to_the_right_bytes_is_refused(bundle, name):
    folder, sha256 = bundle
    elsewhere = folder.parent / name
    (folder / name).rename(elsewhere)
    (folder / name).symlink_to(elsewhere)
    refused(folder, sha256, f"{name} is not a regular file")


def test_a_link_to_the_whole_bundle_is_refused(bundle):
    folder, sha256 = bundle
    (folder.parent / "link").symlink_to(folder)
    refused(folder.parent / "link", sha256, "link is a link")


def test_a_whole_bundle_of_another_model_is_refused(tmp_path, parts, bundle):
    other = parts | {"metadata": {"confidence_threshold": 0.5}}
    sha256 = write_bundle(tmp_path / "other", **other)
    refused(bundle[0], sha256, "is model .* wanted")


def test_a_file_of_another_bundle_is_refused(tmp_path, parts, bundle):
    folder, sha256 = bundle
    metadata = parts["metadata"] | {"confidence_threshold": 0.55}
    write_bundle(tmp_path / "other", **parts | {"metadata": metadata})
    (tmp_path / "other" / "contract.json").replace(folder / "contract.json")
    refused(folder, sha256, r"contract\.json has another sha256")


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    refused(tmp_path / "nothing", None, "cannot read the bundle .*No such file")


@pytest.mark.parametrize("name", ["../graph.onnx", "a\\b", "..", "", "manifest.json"])
def test_a_manifest_that_points_out_of_its_folder_is_refused(bundle, name):
    folder, _ = bundle
    rewrite_manifest(folder, lambda manifest: manifest["files"].update({name: entry(b"")}))
    refused(folder, None, "not a plain file name")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 1, "files": []}', "\xff"])
def test_a_manifest_that_is_none_is_refused(bundle, text):
    folder, _ = bundle
    (folder / "manifest.json").write_bytes(text.encode("latin-1"))
    refused(folder, None, "is not a manifest")


def test_a_manifest_of_a_later_schema_is_refused(bundle):
    folder, _ = bundle
    rewrite_manifest(folder, lambda manifest: manifest.update(schema=2))
    refused(folder, None, "has schema 2, wanted 1")


@pytest.mark.parametrize("name", ["contract.json", "graph.onnx"])
def test_a_consistent_bundle_without_a_needed_file_is_refused(bundle, name):
    folder, _ = bundle
    (folder / name).unlink()
    rewrite_manifest(folder, lambda manifest: manifest["files"].pop(name))
    assert name not in verify_bundle(folder)
    refused(folder, None, "cannot be read")


def test_a_consistent_bundle_with_a_broken_graph_is_refused(tmp_path, parts):
    write_bundle(tmp_path / "odd", **parts | {"graph": b"not a graph"})
    refused(tmp_path / "odd", None, "cannot open the graph")


def test_a_graph_of_another_width_than_its_contract_is_refused(tmp_path, parts):
    contract = parts["contract"] | {"features": NAMES[:-1]}
    write_bundle(tmp_path / "odd", **parts | {"contract": contract})
    refused(tmp_path / "odd", None, "graph wants 7 features, its contract names 6")


def test_nothing_is_opened_before_it_is_verified(bundle, monkeypatch):
    folder, sha256 = bundle
    (folder / "reference.json").write_bytes(b"{}")
    opened = []
    monkeypatch.setattr(runtime_module, "open_session", lambda *a: opened.append(a))
    refused(folder, sha256, "another size")
    assert opened == []


def refused(folder: Path, sha256: str | None, reason: str) -> None:
    with pytest.raises(RuntimeRefusal, match=reason) as caught:
        Runtime.open(folder, expected_sha256=sha256)
    assert "\n" not in str(caught.value)


def entry(data: bytes) -> dict:
    return {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def rewrite_manifest(folder: Path, change) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))
