"""The members as plain arrays beside the graph, for whoever asks why they said what they said.

The graph does not know how many rows came to a node, and SHAP values need that. One form for three
libraries, no pickle, and nothing of it is served.
"""

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaidan.artifact.trees import Averaged, Boosted, Tree
from kaidan.errors import ArtifactError
from kaidan.learning.calibration import Calibration
from kaidan.settings import canonical_json

_ABOUT = "about"
_KEPT = {
    "yes": np.int32,
    "no": np.int32,
    "column": np.int16,
    "threshold": np.float32,
    "value": np.float64,
    "cover": np.float32,
}


@dataclass(frozen=True, eq=False)
class NativeMember:
    """One member that votes.

    Attributes
    ----------
    name : str
    trees : Boosted or Averaged
    share : float
        Of the vote; the shares of all members sum to 1.
    classes : tuple of int
        Signal of each class that the trees were fitted on.
    calibration : Calibration or None
    """

    name: str
    trees: Boosted | Averaged
    share: float
    classes: tuple[int, ...]
    calibration: Calibration | None


@dataclass(frozen=True, eq=False)
class NativeMembers:
    """All members that vote.

    Attributes
    ----------
    inputs : tuple of str
        Names of the columns that the trees compare, in their order.
    members : tuple of NativeMember
    """

    inputs: tuple[str, ...]
    members: tuple[NativeMember, ...]


def pack(native: NativeMembers) -> bytes:
    """Members as one NPZ file; the same members give the same bytes."""
    arrays: dict[str, NDArray[Any]] = {}
    about = []
    for member in native.members:
        trees = member.trees.trees
        arrays[f"{member.name}.sizes"] = np.array([len(tree.yes) for tree in trees])
        for part, dtype in _KEPT.items():
            whole = np.concatenate([getattr(tree, part) for tree in trees])
            arrays[f"{member.name}.{part}"] = whole.astype(dtype)
        about.append(_about(member))
    text = canonical_json({"inputs": list(native.inputs), "members": about})
    arrays[_ABOUT] = np.frombuffer(text, dtype=np.uint8)
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def unpack(data: bytes, expected_sha256: str) -> NativeMembers:
    """Members of a file that `pack` wrote; none of it is read before its hash was compared.

    Raises
    ------
    ArtifactError
        It is another file, or none that this kaidan can read.
    """
    found = hashlib.sha256(data).hexdigest()
    if found != expected_sha256:
        raise ArtifactError(
            f"the native members hash to {found[:12]}, wanted {expected_sha256[:12]}: they were "
            "changed after training; train a new version"
        )
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            about = json.loads(file[_ABOUT].tobytes())
            members = tuple(
                _member(one, {part: file[f"{one['name']}.{part}"] for part in ("sizes", *_KEPT)})
                for one in about["members"]
            )
        return NativeMembers(tuple(about["inputs"]), members)
    except (EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ArtifactError(
            f"the native members cannot be read ({error}); they are of another kaidan: train a "
            "new version"
        ) from error


def _about(member: NativeMember) -> dict[str, Any]:
    trees, mended = member.trees, member.calibration
    boosted = None
    if isinstance(trees, Boosted):
        boosted = {
            "classes": list(trees.classes),
            "scores": trees.scores.tolist(),
            "strict": trees.strict,
        }
    return {
        "name": member.name,
        "share": member.share,
        "classes": list(member.classes),
        "boosted": boosted,
        "calibration": mended and [mended.matrix.tolist(), mended.bias.tolist()],
    }


def _member(about: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> NativeMember:
    cuts = np.cumsum(arrays.pop("sizes"))[:-1]
    parts = {name: np.split(array, cuts) for name, array in arrays.items()}
    trees = tuple(
        Tree(**dict(zip(parts, one, strict=True))) for one in zip(*parts.values(), strict=True)
    )
    boosted, mended = about["boosted"], about["calibration"]
    return NativeMember(
        name=about["name"],
        trees=Averaged(trees)
        if boosted is None
        else Boosted(
            trees, tuple(boosted["classes"]), np.array(boosted["scores"]), boosted["strict"]
        ),
        share=about["share"],
        classes=tuple(about["classes"]),
        calibration=mended and Calibration(*map(np.array, mended)),
    )
