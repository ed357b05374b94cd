from functools import partial

import numpy as np
import pytest

from kaidan.features.catalogue import CATALOGUE
from kaidan.features.ohlcv import Ohlcv, as_ohlcv
from kaidan.features.windowed import FORMULAS, windowed_features


@pytest.fixture(scope="module")
def whole(bars):
    return windowed_features(as_ohlcv(bars))


def _name(formula) -> str:
    columns = formula.columns
    if isinstance(columns, partial):
        return f"{columns.func.__name__}-{'-'.join(map(str, columns.keywords.values()))}"
    return columns.__name__


@pytest.mark.parametrize("formula", FORMULAS, ids=_name)
def test_each_formula_looks_back_as_far_as_the_catalogue_says(bars, formula):
    names = formula.columns(as_ohlcv(bars.iloc[-200:]))
    assert formula.look_back_bars == max(CATALOGUE[name].look_back_bars for name in names)


@pytest.mark.parametrize("n", [1, 2, 7, 60, 250])
@pytest.mark.parametrize("formula", FORMULAS, ids=_name)
def test_a_tail_gives_the_values_of_the_whole_history_to_the_last_digit(bars, whole, formula, n):
    ends = as_ohlcv(bars)
    tail = Ohlcv(*(column[-(formula.look_back_bars + n - 1) :] for column in ends))
    for name, column in formula.columns(tail).items():
        np.testing.assert_array_equal(column[-n:], whole[name][-n:], err_msg=name)
