import json

import numpy as np
import pandas as pd
import pytest

from kaidan.artifact.reference import training_reference


def reference_of(values) -> dict:
    return training_reference(pd.DataFrame({"x": values}))["features"]["x"]


def test_a_spread_out_feature_has_nine_edges_and_ten_equal_shares():
    found = reference_of(np.arange(1.0, 101.0))
    assert found["edges"] == [10, 20, 30, 40, 50, 60, 70, 80, 90]
    assert found["shares"] == [0.1] * 10
    assert found["mean"] == 50.5
    assert found["std"] == pytest.approx(np.arange(100).std())


def test_a_flag_has_an_edge_at_each_of_its_values():
    found = reference_of([0.0, 0.0, 0.0, 1.0])
    assert found["edges"] == [0, 1]
    assert found["shares"] == [0.75, 0.25, 0]


def test_a_constant_has_one_edge_and_nothing_above_it():
    assert reference_of([5.0] * 20)["edges"] == [5]
    assert reference_of([5.0] * 20)["shares"] == [1, 0]


def test_missing_values_are_counted_and_kept_out_of_the_rest():
    found = reference_of([1.0, np.nan, 3.0, np.inf])
    assert found["missing_share"] == 0.5
    assert found["mean"] == 2
    assert sum(found["shares"]) == 1


def test_a_feature_without_a_value_is_described_as_missing():
    assert reference_of([np.nan, np.nan]) == {
        "edges": [],
        "shares": [],
        "missing_share": 1.0,
        "mean": None,
        "std": None,
    }


def test_the_reference_is_strict_json_in_the_order_of_the_features(frame):
    reference = training_reference(frame)
    assert json.loads(json.dumps(reference, allow_nan=False)) == reference
    assert list(reference["features"]) == list(frame.columns)
    assert reference["n_rows"] == len(frame)
