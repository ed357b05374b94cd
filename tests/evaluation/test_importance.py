"""A group that carries the signal is found; one that nobody listens to is exactly 0."""

import numpy as np
import pandas as pd
import pytest

from kaidan.evaluation.importance import group_importance
from kaidan.learning.ensemble import ProductionEnsemble
from tests.kit import planted, small

Rows = tuple[pd.DataFrame, np.ndarray]


@pytest.fixture(scope="module")
def rows() -> Rows:
    X, y = planted(3000)
    # `a` has the signal; `b`, renamed, is of two groups of the catalogue; `close` is no input.
    return X.rename(columns={"b": "rsi_14", "c": "stoch_k", "d": "close"}), y


@pytest.fixture(scope="module")
def ensemble(rows: Rows) -> ProductionEnsemble:
    return ProductionEnsemble(small()).fit(*rows)


@pytest.fixture(scope="module")
def table(ensemble: ProductionEnsemble, rows: Rows) -> pd.DataFrame:
    return group_importance(ensemble, *rows)


def test_features_are_grouped_as_in_the_catalogue_and_only_inputs_count(
    table: pd.DataFrame,
) -> None:
    assert table.index.name == "group"
    assert table["n_features"].to_dict() == {"a": 1, "momentum": 2}


def test_the_planted_signal_is_most_important_and_clear_of_0(table: pd.DataFrame) -> None:
    assert table.index[0] == "a"
    assert table.loc["a", "low"] > 0.1


def test_noise_is_not_shown_to_matter(table: pd.DataFrame) -> None:
    assert table.loc["momentum", "low"] < 0
    assert abs(table.loc["momentum", "estimate"]) < 0.05 * table.loc["a", "estimate"]


def test_intervals_hold_their_estimates(table: pd.DataFrame) -> None:
    assert (table["low"] <= table["estimate"]).all()
    assert (table["estimate"] <= table["high"]).all()


def test_it_is_the_same_twice_and_changes_neither_rows_nor_ensemble(
    ensemble: ProductionEnsemble, rows: Rows, table: pd.DataFrame
) -> None:
    before = rows[0].copy()
    said = ensemble.out_of_fold_proba()
    pd.testing.assert_frame_equal(group_importance(ensemble, *rows), table)
    pd.testing.assert_frame_equal(rows[0], before)
    assert np.array_equal(ensemble.out_of_fold_proba(), said)


def test_a_column_that_no_member_may_split_on_changes_nothing(
    ensemble: ProductionEnsemble, rows: Rows, table: pd.DataFrame
) -> None:
    X, y = rows
    pd.testing.assert_frame_equal(group_importance(ensemble, X.assign(close=0.0), y), table)


def test_rows_before_the_first_test_part_are_not_asked_about(
    ensemble: ProductionEnsemble, rows: Rows, table: pd.DataFrame
) -> None:
    X, y = rows
    first = ensemble.out_of_fold_.rows[0]
    learnt_only = X.copy()
    learnt_only.iloc[:first] = 0.0
    spoilt = np.where(np.arange(len(y)) < first, 2 - y, y)
    pd.testing.assert_frame_equal(group_importance(ensemble, learnt_only, spoilt), table)


def test_twins_stand_in_for_each_other_unless_they_are_one_group() -> None:
    X, y = planted(3000)
    apart = X.assign(e=X["a"])
    together = apart.rename(columns={"a": "rsi_14", "e": "stoch_k"})
    halves = group_importance(ProductionEnsemble(small()).fit(apart, y), apart, y)
    whole = group_importance(ProductionEnsemble(small()).fit(together, y), together, y)
    assert whole.loc["momentum", "estimate"] > 1.2 * halves.loc[["a", "e"], "estimate"].max()
