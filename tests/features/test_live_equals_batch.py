import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaidan.features.catalogue import CATALOGUE
from kaidan.features.manager import FeatureManager

WARMUP = 2976


def assert_same_row(got, wanted, usual):
    """Equal to 1e-9 of the value, or of the feature's usual size where that is larger."""
    for name in wanted.index:
        if np.isnan(wanted[name]):
            assert np.isnan(got[name]), name
        else:
            tolerance = 1e-9 * max(abs(wanted[name]), usual[name])
            assert abs(got[name] - wanted[name]) <= tolerance, name


def check(bars, macro, rows):
    manager = FeatureManager()
    batch = manager.generate_features(bars, macro)
    usual = batch.abs().median().fillna(0.0)
    bars = bars.set_index("timestamp") if "timestamp" in bars else bars
    for row in rows:
        live = manager.generate_features(bars.iloc[row - WARMUP + 1 : row + 1], macro)
        assert len(live) == 1
        assert_same_row(live.iloc[0], batch.loc[bars.index[row]], usual)


def test_the_last_row_of_a_ring_equals_the_batch_on_real_bars(real_bars, real_macro):
    check(real_bars, real_macro, [2975, 9000, 21_111, 40_003, 63_900, 63_990, 70_175])


def test_the_last_row_of_a_ring_equals_the_batch_on_yen_bars_with_gaps(yen_bars):
    check(yen_bars, None, [2975, 3501, 4444, 5000, 5803])


def test_the_last_row_of_a_ring_equals_the_batch_on_hand_made_bars(make_bars, macro):
    check(make_bars(WARMUP + 2000), macro, [2975, 3000, 3511, 4000, 4975])


STATIONARY = [name for name, f in CATALOGUE.items() if f.stationary and f.group != "macro"]


@settings(max_examples=6, deadline=None)
@given(factor=st.floats(1e-3, 1e4), seed=st.integers(0, 100))
def test_the_currency_does_not_matter_to_stationary_features(make_bars, factor, seed):
    bars = make_bars(WARMUP + 60, seed=seed)
    scaled = bars.copy()
    scaled[["open", "high", "low", "close"]] *= factor
    manager = FeatureManager()
    one, other = (manager.generate_features(frame)[STATIONARY] for frame in (bars, scaled))
    pd.testing.assert_frame_equal(one, other, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", ["close", "ema_50", "macd_hist", "atr_14"])
def test_raw_levels_do_move_with_the_currency(make_bars, name):
    bars = make_bars(WARMUP)
    scaled = bars.copy()
    scaled[["open", "high", "low", "close"]] *= 100.0
    manager = FeatureManager()
    one, other = (manager.generate_features(frame)[name].iloc[0] for frame in (bars, scaled))
    assert other == pytest.approx(100.0 * one)
