"""Splits against indices written by hand, and the purge as a property."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaidan.errors import TrainingError
from kaidan.learning.splits import holdout_start, purged_folds, rows_needed
from kaidan.settings import SplitSettings

SPLITS = SplitSettings(n_splits=2, holdout_share=0.1, stopping_share=0.25, min_train_rows=4)


def test_folds_are_the_ones_written_by_hand() -> None:
    first, second = purged_folds(30, SPLITS, gap=2)
    assert list(first.test) == list(range(10, 20))
    assert list(first.fit) == [0, 1, 2, 3]  # 8 rows before the gap, 2 of them to stop on
    assert list(first.stopping) == [6, 7]
    assert list(second.test) == list(range(20, 30))
    assert list(second.fit) == list(range(12))
    assert list(second.stopping) == [14, 15, 16, 17]
    assert list(second.training) == list(range(18))


@given(
    n_rows=st.integers(700, 3000),
    gap=st.integers(1, 40),
    n_splits=st.integers(2, 6),
    stopping_share=st.floats(0.05, 0.4),
)
def test_no_label_window_of_an_earlier_part_meets_a_later_one(
    n_rows: int, gap: int, n_splits: int, stopping_share: float
) -> None:
    splits = SplitSettings(
        n_splits=n_splits, holdout_share=0.1, stopping_share=stopping_share, min_train_rows=20
    )
    if n_rows < (n_splits + 1) * (20 + gap):
        return
    for fold in purged_folds(n_rows, splits, gap):
        assert fold.fit[-1] + gap < fold.stopping[0]
        assert fold.stopping[-1] + gap < fold.test[0]
        assert len(np.intersect1d(fold.training, fold.test)) == 0


def test_too_few_rows_say_how_many_are_needed() -> None:
    with pytest.raises(TrainingError, match=r"got 17 labelled rows .* want at least 18"):
        purged_folds(17, SPLITS, gap=2)


def test_the_rows_said_to_be_needed_are_enough() -> None:
    n_rows = rows_needed(SPLITS, gap=2)
    purged_folds(holdout_start(n_rows, SPLITS) - 2, SPLITS, gap=2)


def test_the_holdout_is_the_last_tenth() -> None:
    assert holdout_start(1000, SPLITS) == 900
