import numpy as np

from kaidan.features.ohlcv import as_ohlcv
from kaidan.features.technical import technical_features


def test_price_features_are_what_a_plain_calculation_gives(bars):
    columns = technical_features(as_ohlcv(bars))
    prior_volume = bars["volume"].shift(1).rolling(20).mean()
    np.testing.assert_allclose(columns["volume_ratio"], bars["volume"] / prior_volume)
    for n in (1, 4, 16, 96):
        expected = np.log(bars["close"] / bars["close"].shift(n))
        np.testing.assert_allclose(columns[f"returns_{n}"], expected, atol=1e-14)
    height = bars["high"] - bars["low"]
    np.testing.assert_allclose(columns["body_ratio"], (bars["close"] - bars["open"]) / height)
    np.testing.assert_allclose(columns["close_location"], (bars["close"] - bars["low"]) / height)
    np.testing.assert_array_equal(columns["close"], bars["close"])
    np.testing.assert_array_equal(columns["volume"], bars["volume"])


def test_a_bar_without_range_is_neutral(flat_bars):
    columns = technical_features(as_ohlcv(flat_bars))
    assert columns["body_ratio"][-1] == 0.0
    assert columns["close_location"][-1] == 0.5
    assert columns["returns_96"][-1] == 0.0


def test_volume_after_twenty_bars_without_any_is_usual(bars):
    quiet = bars.copy()
    quiet.iloc[100:120, 4] = 0.0
    assert technical_features(as_ohlcv(quiet))["volume_ratio"][120] == 1.0
