"""The null market: nothing to foresee, and with clustered volatility only how far, never where."""

import numpy as np
import pytest

from kaidan.market.bars import check_bars
from kaidan.market.sample import sample_bars
from kaidan.market.sample_walk import walk_bars


@pytest.mark.parametrize("clustered", [False, True])
def test_a_walk_is_a_market_like_any_other(clustered: bool) -> None:
    bars = walk_bars(60, seed=1, clustered=clustered)
    assert len(check_bars(bars)) == 60 * 96
    assert bars.index[-1] == sample_bars(60).index[-1]
    again = walk_bars(60, seed=1, clustered=clustered)
    assert bars.equals(again)
    assert not bars.equals(walk_bars(60, seed=2, clustered=clustered))


@pytest.mark.parametrize("clustered", [False, True])
def test_no_return_leans_on_the_returns_before_it(clustered: bool) -> None:
    close = np.log(walk_bars(400, seed=3, clustered=clustered)["close"])
    returns = close.diff().dropna()
    noise = 5 / np.sqrt(len(returns))
    for lag in (1, 4, 16):
        assert abs(returns.autocorr(lag)) < noise
    stretch = close - close.rolling(20).mean()
    assert abs(returns.shift(-1).corr(stretch)) < noise


def test_only_clustered_volatility_can_be_foreseen() -> None:
    sizes = {
        clustered: np.log(walk_bars(200, seed=4, clustered=clustered)["close"]).diff().abs()
        for clustered in (False, True)
    }
    assert sizes[True].autocorr(16) > 0.08
    assert abs(sizes[False].autocorr(16)) < 0.04
