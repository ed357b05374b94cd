import numpy as np

from kaidan.features.ohlcv import as_ohlcv
from kaidan.features.technical import technical_features


def test_the_channel_is_that_of_the_twenty_bars_before(bars):
    columns = technical_features(as_ohlcv(bars))
    high = bars["high"].shift(1).rolling(20).max()
    low = bars["low"].shift(1).rolling(20).min()
    np.testing.assert_array_equal(columns["donchian_high_20"], high)
    np.testing.assert_array_equal(columns["donchian_low_20"], low)
    np.testing.assert_allclose(columns["channel_position"], (bars["close"] - low) / (high - low))
    np.testing.assert_allclose(columns["channel_width"], (high - low) / bars["close"])


def test_a_close_can_leave_the_channel(bars):
    position = technical_features(as_ohlcv(bars))["channel_position"]
    assert np.nanmax(position) > 1.0
    assert np.nanmin(position) < 0.0


def test_a_channel_without_width_is_neutral(flat_bars):
    columns = technical_features(as_ohlcv(flat_bars))
    assert columns["channel_position"][-1] == 0.5
    assert columns["channel_width"][-1] == 0.0
