"""Models on disk: whole or not there."""

import shutil
from pathlib import Path

import pytest

from kaidan.artifact.runtime import RuntimeRefusal
from kaidan.serving.cache import INDEX, Entry, ModelCache


@pytest.fixture
def entry(filled: Path) -> Entry:
    return ModelCache(filled).entries()[3]


@pytest.fixture
def fetched(filled: Path, entry: Entry, tmp_path: Path) -> Path:
    """A bundle as it was downloaded."""
    folder = tmp_path / "fetched"
    shutil.copytree(ModelCache(filled).bundle(entry.model_sha256), folder)
    return folder


def names(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "models").iterdir())


def test_what_is_put_can_be_opened(fetched: Path, entry: Entry, tmp_path: Path) -> None:
    cache = ModelCache(tmp_path / "home")
    assert cache.put(fetched, entry).model_sha256 == entry.model_sha256
    assert cache.open(entry).level == 3
    assert names(tmp_path / "home") == [entry.model_sha256]


def test_nothing_was_fetched_is_no_entries(tmp_path: Path) -> None:
    assert ModelCache(tmp_path).entries() == {}


def test_the_index_is_read_back_as_it_was_written(entry: Entry, tmp_path: Path) -> None:
    cache = ModelCache(tmp_path)
    cache.set_live({3: entry})
    assert cache.entries() == {3: entry}
    cache.set_live({2: entry})
    assert cache.entries() == {2: entry}
    assert names(tmp_path) == [INDEX]


def test_a_refused_bundle_never_reaches_the_cache(
    fetched: Path, entry: Entry, tmp_path: Path
) -> None:
    (fetched / "graph.onnx").write_bytes(b"half")
    with pytest.raises(RuntimeRefusal, match="fetch the model again"):
        ModelCache(tmp_path / "home").put(fetched, entry)
    assert not (tmp_path / "home").exists()


def test_a_copy_that_breaks_off_leaves_nothing_behind(
    fetched: Path, entry: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(source: Path, target: Path) -> None:
        target.mkdir()
        shutil.copy(source / "manifest.json", target)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copytree", full_disk)
    cache = ModelCache(tmp_path / "home")
    with pytest.raises(OSError, match="No space left"):
        cache.put(fetched, entry)
    assert names(tmp_path / "home") == []


def test_a_damaged_copy_is_replaced(fetched: Path, entry: Entry, tmp_path: Path) -> None:
    cache = ModelCache(tmp_path / "home")
    cache.put(fetched, entry)
    (cache.bundle(entry.model_sha256) / "graph.onnx").write_bytes(b"half")
    with pytest.raises(RuntimeRefusal):
        cache.open(entry)
    cache.put(fetched, entry)
    assert cache.open(entry).level == 3
    assert names(tmp_path / "home") == [entry.model_sha256]


@pytest.mark.parametrize("text", ["", "[1]", '{"x": {}}', '{"1": {"version": 1}}', '{"1": 2}'])
def test_a_damaged_index_is_refused_by_its_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / INDEX).write_text(text)
    with pytest.raises(RuntimeRefusal, match=r"production\.json cannot be read"):
        ModelCache(tmp_path).entries()
