import numpy as np
import pytest

from kaidan.features.ohlcv import Ohlcv, as_ohlcv
from kaidan.features.technical import technical_features


def plain_directional_movement(bars):
    true_range = plus = minus = adx = 0.0
    for t in range(1, len(bars)):
        now, before = bars.iloc[t], bars.iloc[t - 1]
        up, down = now["high"] - before["high"], before["low"] - now["low"]
        span = max(now["high"], before["close"]) - min(now["low"], before["close"])
        true_range += span - true_range / 14
        plus += (up if up > max(down, 0.0) else 0.0) - plus / 14
        minus += (down if down > max(up, 0.0) else 0.0) - minus / 14
        adx += (100 * abs(plus - minus) / (plus + minus) - adx) / 14 if plus + minus else 0.0
    return adx, 100 * plus / true_range, 100 * minus / true_range


def test_directional_movement_is_wilders(bars):
    columns = technical_features(as_ohlcv(bars))
    adx, plus, minus = plain_directional_movement(bars)
    assert columns["adx_14"][-1] == pytest.approx(adx, rel=1e-9)
    assert columns["plus_di_14"][-1] == pytest.approx(plus, rel=1e-9)
    assert columns["minus_di_14"][-1] == pytest.approx(minus, rel=1e-9)


def test_efficiency_is_the_net_move_by_the_path(bars):
    column = technical_features(as_ohlcv(bars))["efficiency_ratio_20"]
    close = bars["close"].to_numpy()[-21:]
    expected = abs(close[-1] - close[0]) / np.abs(np.diff(close)).sum()
    assert column[-1] == pytest.approx(expected)


def test_a_straight_line_is_walked_efficiently():
    line = np.arange(1.0, 61.0)
    bars = Ohlcv(line, line, line, line, np.ones(60))
    assert technical_features(bars)["efficiency_ratio_20"][-1] == 1.0


def test_a_market_that_does_not_move_is_inefficient_not_undefined(flat_bars):
    assert technical_features(as_ohlcv(flat_bars))["efficiency_ratio_20"][-1] == 0.0
