"""Seeded damage to the files of a model: bytes that rot, files that are lost, added or replaced."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

BARRIER = "__pycache__"


@dataclass(frozen=True)
class Scene:
    """What is damaged, and what lies at hand to damage it with.

    Attributes
    ----------
    folder : Path
        Damaged in place: a whole package, or a bundle or a file alone.
    bundle : Path
        Where the bundle lies in it.
    sibling : Path
        The same files of another version of the level.
    stranger : Path
        A bundle of another level.
    aside : Path
        An empty place outside.
    random : Random
    """

    folder: Path
    bundle: Path
    sibling: Path
    stranger: Path
    aside: Path
    random: Random

    def file(self) -> Path:
        """One of the files."""
        return self.random.choice(model_files(self.folder))


def model_files(folder: Path) -> list[Path]:
    """What kaidan and MLflow logged, in a fixed order."""
    if folder.is_file():
        return [folder]
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if path.name != "registered_model_meta")


def flipped_bit(scene: Scene) -> Path:
    path = scene.file()
    data = bytearray(path.read_bytes())
    data[scene.random.randrange(len(data))] ^= 1 << scene.random.randrange(8)
    path.write_bytes(data)
    return path


def truncated(scene: Scene) -> Path:
    path = scene.file()
    data = path.read_bytes()
    path.write_bytes(data[: scene.random.randrange(len(data))])
    return path


def longer(scene: Scene) -> Path:
    path = scene.file()
    path.write_bytes(path.read_bytes() + scene.random.randbytes(scene.random.randint(1, 64)))
    return path


def zeroed_block(scene: Scene) -> Path:
    path = scene.file()
    data = bytearray(path.read_bytes())
    start = scene.random.choice([place for place, byte in enumerate(data) if byte])
    end = min(start + scene.random.randint(1, 512), len(data))
    data[start:end] = bytes(end - start)
    path.write_bytes(data)
    return path


def removed(scene: Scene) -> Path:
    path = scene.file()
    path.unlink()
    return path


def swapped(scene: Scene) -> Path:
    """One file of another version, of those that differ."""
    pairs = [(p, scene.sibling / p.relative_to(scene.folder)) for p in model_files(scene.folder)]
    path, other = scene.random.choice([p for p in pairs if p[0].read_bytes() != p[1].read_bytes()])
    shutil.copy(other, path)
    return path


def other_level(scene: Scene) -> Path:
    shutil.rmtree(scene.bundle)
    shutil.copytree(scene.stranger, scene.bundle)
    return scene.bundle


def other_version(scene: Scene) -> Path:
    shutil.rmtree(scene.bundle)
    shutil.copytree(scene.sibling / scene.bundle.relative_to(scene.folder), scene.bundle)
    return scene.bundle


def extra_file(scene: Scene) -> Path:
    path = scene.file().parent / scene.random.choice([".hidden", "sitecustomize.py", "extra.json"])
    path.write_bytes(scene.random.randbytes(8))
    return path


def linked_file(scene: Scene) -> Path:
    """The right bytes, but elsewhere."""
    path = scene.file()
    path.rename(scene.aside / path.name)
    path.symlink_to(scene.aside / path.name)
    return path


def linked_folder(scene: Scene) -> Path:
    scene.bundle.rename(scene.aside / "bundle")
    scene.bundle.symlink_to(scene.aside / "bundle")
    return scene.bundle


def listed_outside(scene: Scene) -> Path:
    """A manifest that lists a file outside of the bundle, with its right hash."""
    outside = scene.aside / "outside.json"
    outside.write_text("{}")
    name = scene.random.choice(["../../../aside/outside.json", str(outside)])
    return _with_manifest(scene, {name: _entry(b"{}")})


def consistent(scene: Scene) -> Path:
    """Another graph and a manifest that says so: all of it fits, and yet it is another model."""
    graph = scene.bundle / "graph.onnx"
    graph.write_bytes(graph.read_bytes() + b"\x32\x01x")  # a doc string: the graph still opens
    return _with_manifest(scene, {"graph.onnx": _entry(graph.read_bytes())})


def byte_code(scene: Scene) -> Path:
    """What Python would execute instead of the script, if it could lie there."""
    (scene.folder / BARRIER).unlink()
    (scene.folder / BARRIER).mkdir()
    path = scene.folder / BARRIER / "pyfunc_model.cpython-311.pyc"
    path.write_bytes(scene.random.randbytes(64))
    return path


Harm = Callable[[Scene], Path]
TO_BYTES: tuple[Harm, ...] = (flipped_bit, truncated, longer, zeroed_block, removed)
TO_A_BUNDLE: tuple[Harm, ...] = (
    *TO_BYTES,
    swapped,
    other_level,
    other_version,
    extra_file,
    linked_file,
    linked_folder,
    listed_outside,
    consistent,
)
TO_A_PACKAGE: tuple[Harm, ...] = (*TO_A_BUNDLE, byte_code)


def _with_manifest(scene: Scene, entries: dict[str, dict[str, object]]) -> Path:
    path = scene.bundle / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["files"] |= entries
    path.write_text(json.dumps(manifest, sort_keys=True, separators=(",", ":")))
    return path


def _entry(data: bytes) -> dict[str, object]:
    return {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
