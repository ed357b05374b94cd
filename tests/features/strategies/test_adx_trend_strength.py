import numpy as np
import pytest

from kaidan.features.strategies.adx_trend_strength import adx_trend_strength


@pytest.mark.parametrize(
    ("adx", "plus", "minus", "expected"),
    [
        ((24.0, 25.0), (30.0, 30.0), (20.0, 20.0), 0.5),  # 0.4 + 0 + 0.1
        ((30.0, 31.0), (20.0, 20.0), (30.0, 30.0), -(0.4 + 0.1 + 0.1)),
        ((30.0, 31.0), (19.0, 30.0), (20.0, 20.0), 0.4 + 0.1 + 0.1 + 0.1),  # the bar of a cross
        ((60.0, 61.0), (50.0, 50.0), (10.0, 10.0), 0.4 + 0.3 + 0.15),  # both capped
        ((60.0, 61.0), (5.0, 50.0), (10.0, 10.0), 0.9),  # capped in all
        ((31.0, 30.0), (30.0, 30.0), (20.0, 20.0), 0.0),  # falling
        ((30.0, 30.0), (30.0, 30.0), (20.0, 20.0), 0.0),  # not rising
        ((20.0, 24.9), (30.0, 30.0), (20.0, 20.0), 0.0),  # no trend
        ((30.0, 31.0), (20.0, 20.0), (20.0, 20.0), 0.0),  # no side
    ],
)
def test_a_growing_trend_is_followed(strategies, adx, plus, minus, expected):
    columns = (np.array(column) for column in (adx, plus, minus))
    signal = adx_trend_strength(*columns, strategies.adx_trend_strength)
    assert np.isnan(signal[0])
    assert signal[1] == pytest.approx(expected)
