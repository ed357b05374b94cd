import hashlib
import json
import os

import pytest

from kaidan.artifact import manifest
from kaidan.artifact.manifest import write_bundle
from kaidan.errors import ArtifactError


def test_a_bundle_is_four_files_named_by_the_hash_of_the_manifest(bundle):
    folder, model_sha256 = bundle
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["contract.json", "graph.onnx", "manifest.json", "reference.json"]
    data = (folder / "manifest.json").read_bytes()
    assert hashlib.sha256(data).hexdigest() == model_sha256
    listed = json.loads(data)
    assert listed["schema"] == 1
    for name in ("contract.json", "graph.onnx", "reference.json"):
        content = (folder / name).read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        assert listed["files"][name] == {"sha256": sha256, "bytes": len(content)}


def test_the_contract_carries_the_classes_and_the_metadata(bundle, parts):
    contract = json.loads((bundle[0] / "contract.json").read_bytes())
    assert contract == {
        **parts["contract"],
        "classes": ["SELL", "HOLD", "BUY"],
        **parts["metadata"],
    }


def test_the_same_parts_give_the_same_hash_anywhere(tmp_path, parts, bundle):
    assert write_bundle(tmp_path / "new" / "place" / "other", **parts) == bundle[1]


def test_another_threshold_gives_another_hash(tmp_path, parts, bundle):
    other = parts | {"metadata": parts["metadata"] | {"confidence_threshold": 0.5}}
    assert write_bundle(tmp_path / "other", **other) != bundle[1]


def test_a_folder_that_exists_is_never_written_over(bundle, parts):
    folder, _ = bundle
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(ArtifactError, match="written once"):
        write_bundle(folder, **parts)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["bundle"]


def test_a_write_that_breaks_off_leaves_no_bundle(tmp_path, parts, monkeypatch):
    calls = []

    def fail_at_the_third(handle):
        calls.append(handle)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(manifest.os, "fsync", fail_at_the_third)
    with pytest.raises(ArtifactError, match="No space left"):
        write_bundle(tmp_path / "bundle", **parts)
    assert list(tmp_path.iterdir()) == []


def test_every_file_is_on_disk_before_the_folder_appears(tmp_path, parts, monkeypatch):
    folder = tmp_path / "bundle"
    seen = []
    sync = os.fsync
    monkeypatch.setattr(
        manifest.os, "fsync", lambda handle: (seen.append(folder.exists()), sync(handle))
    )
    write_bundle(folder, **parts)
    assert seen == [False] * 5 + [True]


@pytest.mark.parametrize("key", ["level", "features", "dtype", "contract_sha256"])
def test_a_contract_without_a_key_that_serving_needs_is_refused(tmp_path, parts, key):
    contract = {name: value for name, value in parts["contract"].items() if name != key}
    with pytest.raises(ArtifactError, match=f"lack {key}"):
        write_bundle(tmp_path / "bundle", **parts | {"contract": contract})


def test_metadata_without_a_threshold_is_refused(tmp_path, parts):
    with pytest.raises(ArtifactError, match="lack confidence_threshold"):
        write_bundle(tmp_path / "bundle", **parts | {"metadata": {}})


def test_metadata_cannot_speak_over_the_contract(tmp_path, parts):
    metadata = parts["metadata"] | {"level": 3}
    with pytest.raises(ArtifactError, match="repeats keys of the contract: level"):
        write_bundle(tmp_path / "bundle", **parts | {"metadata": metadata})


def test_a_value_that_json_has_no_word_for_is_refused(tmp_path, parts):
    metadata = parts["metadata"] | {"score": float("nan")}
    with pytest.raises(ArtifactError, match=r"contract\.json would not be plain JSON"):
        write_bundle(tmp_path / "bundle", **parts | {"metadata": metadata})
