"""Models on disk: whole or not there."""

import json
import os
import shutil
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from kaidan.artifact.runtime import RuntimeRefusal
from kaidan.serving.cache import INDEX, Cached, Entry, ModelCache

NOW = "2026-01-02T00:00:00+00:00"


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
    cache.put(fetched, entry)
    assert cache.open(entry).model_sha256 == entry.model_sha256
    assert cache.open(entry).level == 3
    assert names(tmp_path / "home") == [entry.model_sha256]


def test_nothing_was_fetched_is_no_entries(tmp_path: Path) -> None:
    assert ModelCache(tmp_path).index() == ModelCache(tmp_path).entries() == {}


def test_the_index_is_read_back_as_it_was_written(entry: Entry, tmp_path: Path) -> None:
    cache = ModelCache(tmp_path)
    index = {
        3: Cached(entry, NOW, shadow=replace(entry, version=0)),
        2: Cached(None, NOW, before=entry),
    }
    cache.write(index)
    assert cache.index() == index
    assert cache.entries() == {3: entry}
    assert names(tmp_path) == [INDEX]


def test_an_index_of_kaidan_0_1_is_read(entry: Entry, tmp_path: Path) -> None:
    old = {name: value for name, value in asdict(entry).items() if name != "created_at"}
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / INDEX).write_text(json.dumps({"3": old}))
    known = replace(entry, created_at=None)
    assert ModelCache(tmp_path).index() == {3: Cached(known, confirmed_at=entry.fetched_at)}


def test_a_disk_that_is_full_leaves_the_index_as_it_was_and_nothing_beside_it(
    entry: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    cache = ModelCache(tmp_path)
    cache.write({3: Cached(entry, NOW)})
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        cache.write({})
    assert cache.entries() == {3: entry}
    assert names(tmp_path) == [INDEX]


def test_what_was_not_named_for_a_day_is_removed_and_nothing_else(
    cache: ModelCache, tmp_path: Path
) -> None:
    folder, index = tmp_path / "models", cache.index()
    (folder / ".staged-cut-off").mkdir()
    (folder / ".staged-half").touch()
    (folder / "notes.txt").touch()
    first, second = (index[level].live for level in (1, 2))
    named = {1: Cached(None, NOW, shadow=first), 2: Cached(None, NOW, before=second)}

    cache.sweep(named)
    assert len(names(tmp_path)) == 3 + 3 + 1

    for path in folder.iterdir():
        os.utime(path, (time.time() - 86_500,) * 2)
    cache.sweep(named)
    kept = {first.model_sha256, second.model_sha256, INDEX, "notes.txt"}
    assert set(names(tmp_path)) == kept


def test_a_bundle_that_was_named_until_now_stays_for_a_day(
    cache: ModelCache, entry: Entry, tmp_path: Path
) -> None:
    folder = cache.bundle(entry.model_sha256)
    os.utime(folder, (0, 0))
    cache.sweep(cache.index())
    cache.sweep({})
    assert cache.open(entry).level == 3


def test_a_sound_bundle_is_not_replaced_by_who_comes_late(
    cache: ModelCache, fetched: Path, entry: Entry
) -> None:
    before = cache.bundle(entry.model_sha256).stat().st_ino
    cache.put(fetched, entry)
    assert cache.bundle(entry.model_sha256).stat().st_ino == before


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


@pytest.mark.parametrize(
    "text", ["", "[1]", '{"1": {"live": null}}', '{"x": {}}', '{"1": {"version": 1}}', '{"1": 2}']
)
def test_a_damaged_index_is_refused_by_its_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / INDEX).write_text(text)
    with pytest.raises(RuntimeRefusal, match=r"production\.json cannot be read"):
        ModelCache(tmp_path).entries()
