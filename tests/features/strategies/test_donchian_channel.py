import numpy as np
import pytest

from kaidan.features.strategies.donchian_channel import donchian_channel


def signal(strategies, close, volume_ratio, adx):
    """Signal against a channel from 100 to 200."""
    channel = {
        "donchian_high_20": np.array([200.0]),
        "donchian_low_20": np.array([100.0]),
        "channel_position": np.array([(close - 100.0) / 100.0]),
    }
    return donchian_channel(
        np.array([close]),
        channel,
        np.array([volume_ratio]),
        np.array([adx]),
        strategies.donchian_channel,
    )[0]


@pytest.mark.parametrize(
    ("close", "volume_ratio", "adx", "expected"),
    [
        (201.0, 2.2, 30.0, 0.7),  # 0.6 + 0.1 x 1.0
        (99.0, 2.2, 30.0, -0.7),
        (201.0, 9.0, 10.0, 0.9),  # capped; a breakout comes before a range
        (200.0, 9.0, 30.0, 0.0),  # at the edge is not outside
        (201.0, 1.2, 30.0, 0.0),  # volume is not raised
        (201.0, 1.2, 10.0, -0.55),  # not followed, so faded at full depth
        (105.0, 1.0, 10.0, 0.25 + 0.3 * 0.5),
        (100.0, 1.0, 10.0, 0.55),
        (196.0, 1.0, 10.0, -(0.25 + 0.3 * 0.6)),
        (110.0, 1.0, 10.0, 0.0),
        (150.0, 1.0, 10.0, 0.0),
        (105.0, 1.0, 20.0, 0.0),  # a trend: nothing is faded
    ],
)
def test_breakouts_are_followed_and_ranges_faded(strategies, close, volume_ratio, adx, expected):
    assert signal(strategies, close, volume_ratio, adx) == pytest.approx(expected)


def test_unknown_inputs_give_no_opinion_but_nan(strategies):
    assert np.isnan(signal(strategies, 150.0, 1.0, np.nan))
