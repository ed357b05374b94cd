import json

import numpy as np
import pandas as pd
import pytest

from kaidan.artifact.reference import training_reference
from kaidan.artifact.reference_windows import (
    gumbel_quantile,
    raw_score,
    size_of,
    stability_index,
    window_spread,
)
from kaidan.market.bar import BARS_PER_DAY


def spread_of(frame):
    return window_spread(frame, training_reference(frame))


def noise(n_days=60, memory=0.0, seed=1):
    rng = np.random.default_rng(seed)
    shocks = rng.normal(size=n_days * BARS_PER_DAY)
    values = np.empty_like(shocks)
    before = 0.0
    for row, shock in enumerate(shocks):
        before = values[row] = memory * before + shock
    return pd.DataFrame({"x": values})


def test_there_is_a_law_for_days_and_one_for_weeks_and_it_is_strict_json():
    found = spread_of(noise())
    assert [found[length]["n_windows"] for length in ("96", "672")] == [60, 54]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert spread_of(noise()) == found


def test_windows_of_rows_that_resemble_their_neighbours_may_differ_more():
    alone, alike = spread_of(noise())["96"], spread_of(noise(memory=0.98))["96"]
    for kind in ("psi", "shift"):
        assert alike["scores"]["x"][kind][0] > alone["scores"]["x"][kind][0] + 1


def test_too_few_rows_have_no_law():
    assert spread_of(noise(n_days=20)) == {}
    assert list(spread_of(noise(n_days=30))) == ["96"]


def test_missing_values_are_kept_out_and_a_column_without_any_value_is_left_out():
    frame = noise().assign(gone=np.nan)
    frame.loc[::3, "x"] = np.nan
    assert list(spread_of(frame)["96"]["scores"]) == ["x"]


def test_the_index_is_zero_for_the_same_shares_and_finite_for_an_empty_bin():
    even = np.array([0.5, 0.5])
    assert stability_index(even, even) == 0
    assert 1 < stability_index(np.array([1.0, 0.0]), even) < 5


def test_a_quantile_of_the_law_is_exceeded_as_often_as_it_says():
    drawn = np.random.default_rng(3).gumbel(1.0, 0.5, 100_000)
    assert (drawn > gumbel_quantile(1.0, 0.5, 0.01)).mean() == pytest.approx(0.01, rel=0.1)


def test_a_score_goes_back_to_its_size():
    assert size_of("psi", float(raw_score("psi", np.array(0.4)))) == pytest.approx(0.4)
