"""Features that see the future are caught by what a bar is worth to them; honest ones are not."""

import numpy as np
import pandas as pd
import pytest

from kaidan.evaluation.shift_probe import delay_excess, next_bar_excess, next_bar_signals
from kaidan.learning.cross_validation import cross_validate
from kaidan.signal import Signal
from tests.evaluation.walk import walk
from tests.kit import small

BUY, HOLD, SELL = (int(signal) for signal in (Signal.BUY, Signal.HOLD, Signal.SELL))


@pytest.fixture(scope="module")
def market():
    return walk()


@pytest.fixture(scope="module")
def next_bar(market):
    return next_bar_signals(market.bars, market.times)


def ahead(X, bars):
    """Every feature as it will be `bars` later."""
    return np.vstack([X[bars:], np.repeat(X[-1:], bars, axis=0)])


@pytest.mark.parametrize("seed", range(3))
def test_honest_features_lose_little_by_a_bar_and_know_nothing_of_the_next(seed):
    market = walk(seed=seed)
    next_bar = next_bar_signals(market.bars, market.times)
    assert delay_excess(market.X, market.y, small()).low <= 0
    assert next_bar_excess(market.X, next_bar, small()).high < 0


def test_an_honest_signal_that_fades_within_the_hour_is_no_leak():
    """Prices swing back: a bar less costs as much as one of the future would gain, honestly."""
    price, mean, prices, stretches = 0.0, 0.0, [], []
    for shock in np.random.default_rng(9).normal(size=4000):
        price += shock - 0.08 * (price - mean)
        mean += (price - mean) / 20
        prices.append(price)
        stretches.append(price - mean)
    path = np.array(prices)
    later = path[16:] - path[:-16]
    X = np.column_stack([stretches[:-16], np.diff(path, prepend=0.0)[:-16]])
    y = np.digitize(later, np.quantile(later, [0.25, 0.75]))
    assert delay_excess(X.astype(np.float32), y, small()).low < 0


def test_honest_knowledge_of_the_next_bar_is_no_leak():
    rng = np.random.default_rng(4)
    known = rng.normal(size=3000)
    returns = known + rng.normal(size=3000)
    X = np.column_stack([known, np.concatenate([[0.0], returns[:-1]])]).astype(np.float32)
    assert next_bar_excess(X, np.digitize(returns, [-0.9, 0.9]), small()).low < 0


@pytest.mark.parametrize("bars", [1, 2])
def test_features_from_later_bars_are_caught_by_what_they_know_of_the_next(market, next_bar, bars):
    assert next_bar_excess(ahead(market.X, bars), next_bar, small()).low > 0


def test_one_feature_that_is_the_next_return_is_caught(market, next_bar):
    leak = market.price.diff().shift(-1)
    assert next_bar_excess(market.with_column(leak), next_bar, small()).low > 0


def test_a_feature_that_is_the_label_is_caught(market):
    leak = market.price.diff(16).shift(-16)
    assert delay_excess(market.with_column(leak), market.y, small()).low > 0


def test_a_centred_average_is_caught(market):
    leak = market.price - market.price.rolling(17, center=True).mean()
    assert delay_excess(market.with_column(leak), market.y, small()).low > 0


def test_a_probe_gives_the_same_answer_twice(market):
    assert delay_excess(market.X, market.y, small()) == delay_excess(market.X, market.y, small())


def test_the_same_rows_are_judged_on_older_present_and_newer_features(market):
    X, y = market.X, market.y
    seen = []

    def watched(X, y, settings, progress, *, names=None):
        seen.append((X, y))
        return cross_validate(X, y, settings, progress, names=names)

    delay_excess(X, y, small(), cross_validate=watched)
    next_bar_excess(X, y, small(), cross_validate=watched)
    wanted = [
        (X[:-2], y[1:-1]),
        (X[1:-1], y[1:-1]),
        (X[2:], y[1:-1]),
        (X[:-1], y[:-1]),
        (X[1:], y[:-1]),
    ]
    for (got_X, got_y), (wanted_X, wanted_y) in zip(seen, wanted, strict=True):
        assert np.array_equal(got_X, wanted_X)
        assert np.array_equal(got_y, wanted_y)


def test_the_next_bar_is_looked_up_by_time_and_a_missing_one_is_hold():
    times = pd.date_range("2024-01-01", periods=8, freq="15min", tz="UTC")
    close = [100.0, 110.0, 110.1, 100.0, 90.0, 90.1, 99.0, 99.1]
    bars = pd.DataFrame({"close": close}, index=times).drop(times[5])
    found = next_bar_signals(bars, pd.DatetimeIndex(bars.index))
    #       +10 %  +0.1 %  -9 %  -10 %  gone  +0.1 %  unknown
    assert found.tolist() == [BUY, HOLD, SELL, SELL, HOLD, HOLD, HOLD]


def test_half_of_the_next_bars_are_hold(next_bar):
    shares = np.bincount(next_bar) / len(next_bar)
    assert shares == pytest.approx([0.25, 0.5, 0.25], abs=0.03)
