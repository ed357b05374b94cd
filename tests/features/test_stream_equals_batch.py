import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaidan.features.manager import FeatureManager
from kaidan.market.bar import ONE_BAR, each_bar
from kaidan.market.sample import sample_bars, sample_macro
from tests.features.streaming import (
    WARMUP,
    assert_lives,
    assert_same,
    batch_of,
    rows_of,
    stream_of,
)


def test_three_weeks_of_the_sample_are_those_of_batch():
    assert_lives(sample_bars().iloc[: WARMUP + 2016], sample_macro(), n=2016)


def test_real_bars_with_filler_and_macro_are_those_of_batch(real_bars, real_macro):
    bars = real_bars.set_index("timestamp").loc["2024-09-25":"2024-11-08"]  # both ends of summer
    assert_lives(bars, real_macro.set_index("date"), n=1000)


def test_yen_bars_with_weekly_gaps_are_those_of_batch(yen_bars):
    assert_lives(yen_bars.set_index("timestamp"), None, n=1000)


@pytest.mark.parametrize("day", ["2024-03-10", "2024-03-31", "2024-10-27", "2024-11-03"])
def test_the_days_on_which_clocks_change_are_those_of_batch(make_bars, day):
    start = pd.Timestamp(day) - (WARMUP + 48) * ONE_BAR
    assert_lives(make_bars(WARMUP + 192, start=start), None, n=192)


def test_a_market_that_stops_and_starts_again_is_that_of_batch(make_bars):
    bars = make_bars(WARMUP + 700, price=1e7)
    bars.iloc[WARMUP + 50 : WARMUP + 650, :4] = 1e7 / 3.0
    bars.iloc[WARMUP + 300 : WARMUP + 350, 4] = 0.0
    assert_lives(bars, None, n=680)


def test_each_instant_at_which_macro_changes_is_that_of_batch(make_bars, macro):
    ended = macro.copy()
    ended.loc["2024-02-05":, "usd_jpy"] = np.nan
    ended.loc["2024-02-07":, "us_10y_yield"] = np.nan
    assert_lives(make_bars(WARMUP + 1200), ended, n=1200)


@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_any_history_with_gaps_filler_and_flat_prices_is_that_of_batch(make_bars, macro, data):
    seed = data.draw(st.integers(0, 1000))
    n = 150
    bars = make_bars(
        WARMUP + 300, seed=seed, price=data.draw(st.sampled_from([1e-3, 1.0, 3e4, 1.7e7]))
    )
    spans = st.tuples(st.integers(WARMUP - 200, WARMUP + 280), st.integers(1, 60))
    for start, length in data.draw(st.lists(spans, max_size=2)):
        bars.iloc[start : start + length, :4] = bars["close"].iloc[start]
    for start, length in data.draw(st.lists(spans, max_size=2)):
        bars.iloc[start : start + length, 4] = 0.0
    for start, length in data.draw(st.lists(spans, max_size=2)):
        bars = bars.drop(index=bars.index[start : start + length])
    assert_lives(bars, macro, n=n)


def test_a_stream_that_has_lived_for_20_000_bars_has_forgotten_nothing_it_needs():
    bars, macro = sample_bars().iloc[:23_000], sample_macro()
    stream = stream_of(bars.iloc[:WARMUP], macro)
    for bar in each_bar(bars.iloc[WARMUP:]):
        stream.push(bar)
    row = pd.DataFrame([stream.row()], index=bars.index[-1:])
    for known in (bars, bars.iloc[-WARMUP:]):
        assert_same(row, batch_of(known, macro).iloc[-1:])
    assert stream.n_bars == WARMUP


def test_rows_need_not_be_asked_for_after_each_bar(long_bars, macro, stream):
    batch = batch_of(long_bars, macro)
    asked = [0, 1, 2, 50, 51, 333, 399]
    rows = []
    for i, bar in enumerate(each_bar(long_bars.iloc[WARMUP:])):
        stream.push(bar)
        rows += [stream.row()] if i in asked else []
    wanted = batch.iloc[1:].iloc[asked]
    assert_same(pd.DataFrame(rows, index=wanted.index), wanted)


def test_asking_twice_gives_the_same_row(stream):
    assert stream.row() == stream.row()


def test_signals_are_identical_to_those_of_batch(long_bars, stream):
    names = FeatureManager().get_feature_names(2)[57:]
    got = rows_of(stream, long_bars.iloc[WARMUP:])[names]
    wanted = batch_of(long_bars)[names].iloc[1:]
    np.testing.assert_array_equal(np.sign(got), np.sign(wanted))
    assert (wanted != 0.0).any().all()
