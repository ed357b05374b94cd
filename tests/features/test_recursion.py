import numpy as np
import pytest

from kaidan.features.ohlcv import Ohlcv, as_ohlcv
from kaidan.features.recursion import NAMES, Recursion
from kaidan.features.recursive import recursive_features


def bar_by_bar(bars):
    recursion = Recursion(bars.high[0], bars.low[0], bars.close[0])
    rows = [recursion.add(*row) for row in zip(bars.high, bars.low, bars.close, strict=True)]
    return dict(zip(NAMES, np.transpose(rows), strict=True))


def assert_agree(bars, *, after):
    live, batch = bar_by_bar(bars), recursive_features(bars)
    for name in NAMES:
        np.testing.assert_allclose(live[name][after:], batch[name][after:], rtol=1e-9, err_msg=name)


@pytest.mark.parametrize("price", [1e-6, 1.0, 30_000.0, 1.7e7])
def test_each_step_is_that_of_talib_once_the_beginning_is_forgotten(make_bars, price):
    assert_agree(as_ohlcv(make_bars(4000, price=price)), after=1500)


def test_a_market_that_stands_still_decays_as_talib_does(flat_bars):
    assert_agree(as_ohlcv(flat_bars.iloc[:1500]), after=1000)


def test_a_price_that_never_moved_is_in_the_middle_and_has_no_direction():
    still = np.full(50, 7.0)
    last = {name: column[-1] for name, column in bar_by_bar(Ohlcv(*[still] * 5)).items()}
    assert last["rsi_14"] == 50.0
    assert last["ema_20"] == last["ema_50"] == 7.0
    assert [last[n] for n in ("macd_hist", "atr_14", "adx_14", "plus_di_14")] == [0.0] * 4


def test_after_the_step_that_ends_a_flat_stretch_the_rsi_is_all_gain():
    close = np.append(np.full(30, 5.0), 6.0)
    assert bar_by_bar(Ohlcv(*[close] * 5))["rsi_14"][-2:].tolist() == [50.0, 100.0]
