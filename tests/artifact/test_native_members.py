"""What is packed is what is read, without a pickle, and nothing else is read."""

import hashlib
import io
import zipfile

import numpy as np
import pytest

from kaidan.artifact.member_trees import read_trees
from kaidan.artifact.native_members import NativeMember, NativeMembers, pack, unpack
from kaidan.artifact.trees import Boosted
from kaidan.errors import ArtifactError
from kaidan.learning.calibration import Calibration
from tests.artifact.hard_members import CALIBRATION, NAMES

SHARES = {"lightgbm": 0.4, "xgboost": 0.4, "random_forest": 0.2}


@pytest.fixture(scope="module")
def native(estimators) -> NativeMembers:
    return NativeMembers(
        tuple(NAMES[:-1]),
        tuple(
            NativeMember(
                name,
                read_trees(estimators[name]),
                share,
                (0, 1, 2),
                None if name == "xgboost" else Calibration(*CALIBRATION),
            )
            for name, share in SHARES.items()
        ),
    )


@pytest.fixture(scope="module")
def packed(native) -> bytes:
    return pack(native)


def test_members_are_read_back_as_they_were(native, packed):
    found = unpack(packed, hashlib.sha256(packed).hexdigest())
    assert found.inputs == native.inputs
    for one, other in zip(found.members, native.members, strict=True):
        assert (one.name, one.share, one.classes) == (other.name, other.share, other.classes)
        assert (one.calibration is None) == (one.name == "xgboost")
        if one.calibration is not None:
            np.testing.assert_array_equal(one.calibration.matrix, CALIBRATION[0])
            np.testing.assert_array_equal(one.calibration.bias, CALIBRATION[1])
        assert isinstance(one.trees, Boosted) == (one.name != "random_forest")
        if isinstance(one.trees, Boosted):
            assert one.trees.classes == other.trees.classes
            assert one.trees.strict == other.trees.strict == (one.name == "xgboost")
            np.testing.assert_array_equal(one.trees.scores, other.trees.scores)
        for a, b in zip(one.trees.trees, other.trees.trees, strict=True):
            for part, wanted in zip(a, b, strict=True):
                np.testing.assert_array_equal(part, wanted)


def test_the_same_members_are_the_same_bytes(native, packed):
    assert pack(native) == packed


def test_the_file_holds_plain_arrays_and_no_pickle(packed):
    with np.load(io.BytesIO(packed), allow_pickle=False) as file:
        assert {file[name].dtype.kind for name in file.files} == {"i", "u", "f"}


def test_a_changed_file_is_not_read(packed):
    changed = bytearray(packed)
    changed[len(changed) // 2] ^= 1
    with pytest.raises(ArtifactError, match="were changed after training"):
        unpack(bytes(changed), hashlib.sha256(packed).hexdigest())


def _archive(**names: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in names.items():
            archive.writestr(f"{name}.npy", data)
    return file.getvalue()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"<html>", _archive(other=b"")])
def test_a_file_of_another_kind_is_refused_in_one_line(data):
    with pytest.raises(ArtifactError, match="cannot be read") as refused:
        unpack(data, hashlib.sha256(data).hexdigest())
    assert "\n" not in str(refused.value)
