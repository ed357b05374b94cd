"""Rows like those that a model has learnt from."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kaidan.artifact.manifest import REFERENCE
from kaidan.artifact.reference import training_reference
from kaidan.artifact.runtime import Runtime
from kaidan.serving.cache import ModelCache
from kaidan.serving.smoke import reference_rows, smoke_fault
from tests.serving.broken import write_broken


def test_the_rows_are_the_deciles_of_the_training_rows() -> None:
    rows = pd.DataFrame({"a": np.arange(1.0, 101.0), "flag": [0.0, 1.0] * 50})
    found = reference_rows(training_reference(rows), ["flag", "a"])
    assert found[:, 1].tolist() == [10.0 * n for n in range(1, 10)]
    assert found[:, 0].tolist() == [0.0] + [1.0] * 8


def test_where_nothing_is_known_of_a_feature_it_is_0() -> None:
    empty = training_reference(pd.DataFrame({"a": [np.nan]}))
    assert reference_rows(empty, ["a", "b"]).tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_model_of_a_release_passes(filled: Path, level: int) -> None:
    cache = ModelCache(filled)
    files = cache.read(cache.entries()[level])
    assert len(reference_rows(json.loads(files[REFERENCE]), Runtime(files).features)) == 9
    assert smoke_fault(Runtime(files), files) == ""


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("session fails", "the session failed: "),
        ("not a distribution", "the answer is not a probability distribution"),
    ],
)
def test_a_model_that_fails_says_how(tmp_path: Path, settings, kind: str, said: str) -> None:
    entry = write_broken(tmp_path / "models" / "bundle", kind, 3, settings)
    (tmp_path / "models" / "bundle").rename(tmp_path / "models" / entry.model_sha256)
    files = ModelCache(tmp_path).read(entry)
    assert said in smoke_fault(Runtime(files), files)


@pytest.mark.parametrize("text", [b"", b"[]", b'{"features": {"close": 3}}'])
def test_a_reference_that_is_none_is_a_fault(filled: Path, text: bytes) -> None:
    cache = ModelCache(filled)
    files = cache.read(cache.entries()[3])
    assert "kaidan did not write" in smoke_fault(Runtime(files), files | {REFERENCE: text})
