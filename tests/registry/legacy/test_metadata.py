"""What a JSON file tells: tolerant in keys, strict about values."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from mlflow.utils.validation import _validate_metric_name

from kaidan.registry.legacy.metadata import MAX_BYTES, Metadata, read_metadata
from tests.legacy import COMMIT, features, metadata


@pytest.fixture
def read(tmp_path: Path):
    def write_and_read(document: Any) -> Metadata | str:
        path = tmp_path / "metadata.json"
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        path.write_bytes(data)
        return read_metadata(path)

    return write_and_read


def test_features_metrics_git_and_time_are_found_where_they_lie(read) -> None:
    known = read(metadata())
    assert known.features == tuple(features(62))
    assert known.n_features == 62
    assert known.metrics == {
        "performance_metrics.lightgbm.f1_score": 0.95,
        "performance_metrics.lightgbm.cv.0": 0.5,
        "performance_metrics.lightgbm.cv.1": 0.25,
    }
    assert known.params["notes"] == "weekly training"
    assert "feature_names" not in known.params
    assert (known.commit, known.branch, known.dirty) == (COMMIT, "main", "")
    assert known.when == datetime(2025, 10, 31, 3, tzinfo=UTC)
    assert json.loads(known.text) == metadata()


@pytest.mark.parametrize(
    "document",
    [
        {"git_commit": "ABCDEF1", "git_dirty": True, "git_branch": "main"},
        {"git": {"sha": "abcdef1", "dirty": True, "branch": "main"}},
        {"training": {"Git": {"Hash": "abcdef1", "is_dirty": True, "branch": "main"}}},
    ],
)
def test_git_is_found_under_the_usual_keys(read, document) -> None:
    known = read(document)
    assert (known.commit, known.branch, known.dirty) == ("abcdef1", "main", "true")


@pytest.mark.parametrize(
    "document", [{"commit": "unknown"}, {"commit": "abcde"}, {"model": {"sha": "abcdef1"}}, {}]
)
def test_what_is_no_commit_is_not_taken_for_one(read, document) -> None:
    assert read(document).commit == ""


@pytest.mark.parametrize(
    ("document", "n"),
    [
        ({"features": ["a", "b"]}, 2),
        ({"deep": {"feature_order": ["a"]}, "feature_columns": ["a", "b", "c"]}, 3),
        ({"training_info": {"feature_count": 57}}, 57),
        ({"features": ["a", "a"], "n_features": 62}, 62),
        ({"features": 5}, None),
        ({"n_features": True}, None),
        ({"n_features": -1}, None),
        ({"features": []}, None),
    ],
)
def test_features_are_counted_by_name_or_by_a_count(read, document, n) -> None:
    assert read(document).n_features == n


def test_numbers_that_are_not_finite_are_left_out_and_named(read) -> None:
    known = read(b'{"a": NaN, "b": {"c": -Infinity}, "d": 1e999, "e": 1' + b"0" * 400 + b"}")
    assert known.metrics == {}
    assert known.left_out == ("a", "b.c", "d", "e")


def test_a_name_that_is_taken_is_left_out_and_named(read) -> None:
    known = read({"a b!": 1, "a b?": 2})
    assert known.metrics == {"a b_": 1.0}
    assert known.left_out == ("a b_",)


@pytest.mark.parametrize(
    "key", ["", ".", "..", "/", "a/../b", "精度", "f1 (macro)", "x" * 400, "\ud800", "nul\0"]
)
def test_every_name_is_one_that_mlflow_takes(read, key) -> None:
    (name,) = read({key: 1.0}).metrics
    _validate_metric_name(name)
    assert 0 < len(name) <= 250
    name.encode()


def test_values_are_ones_that_a_database_takes(read) -> None:
    params = read({"a": "nul\0half\ud800", "b": "x" * 9000, "c": True, "d": None}).params
    assert params == {"a": "nul?half?", "b": "x" * 6000, "c": "true"}


def test_files_that_are_named_are_recognised_with_any_slashes(read) -> None:
    known = read({"a": "models/production/one.pkl", "b": "C:\\models\\two.pkl", "c": "three.pk"})
    assert known.mentions(["one.pkl", "two.pkl", "three.pkl"]) == {"one.pkl", "two.pkl"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"broken": ', "is not JSON (Expecting value"),
        (b"", "is not JSON"),
        (b"\xff\xfe\xfa", "is not JSON"),
        (b"[1]", "holds a list, wanted an object"),
        (b'{"a":' * 100_000, "is nested too deeply"),
        (b'{"a": 1' + b"0" * 9000 + b"}", "is not JSON"),
        (b" " * (MAX_BYTES + 1), "is larger than 16 MB"),
    ],
)
def test_what_cannot_be_read_says_why_in_one_line(read, data, said) -> None:
    answer = read(data)
    assert answer.startswith(said)
    assert "\n" not in answer


def test_a_file_that_is_nested_as_deeply_as_json_reads_is_described(read) -> None:
    depth = 900
    known = read(b'{"a":' * depth + b"1" + b"}" * depth)
    assert len(known.metrics) == 1


def test_a_file_that_cannot_be_opened_says_so(tmp_path) -> None:
    assert read_metadata(tmp_path / "none.json") == "cannot be read (No such file or directory)"
