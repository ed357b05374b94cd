import subprocess
import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from kaidan.errors import DataError, SettingsError
from kaidan.features.manager import FeatureManager
from kaidan.features.stream import Arrival, FeatureStream
from kaidan.market.bar import ONE_BAR, each_bar
from kaidan.market.gaps import bars_since_gap
from kaidan.market.known_macro import KnownMacro
from kaidan.settings import load_settings
from tests.features.streaming import (
    WARMUP,
    assert_same,
    batch_of,
    history,
    nth,
    rows_of,
    stream_of,
    with_bars,
)


@pytest.mark.parametrize("back", [1, 2, 30, 2000])
def test_a_revised_bar_replaces_the_one_that_was_there(long_bars, macro, stream, back):
    old = nth(long_bars, WARMUP - back)
    new = old._replace(high=old.high * 1.02, close=old.high * 1.01, volume=old.volume * 3)
    assert stream.push(new) is Arrival.REVISED
    bars = with_bars(long_bars, [new])
    assert_same(rows_of(stream, bars.iloc[WARMUP:-350]), batch_of(bars, macro).iloc[1:-350])


@pytest.mark.parametrize("back", [2, 40, 1500])
def test_a_bar_that_had_been_missing_is_filled_in(long_bars, macro, back):
    late = nth(long_bars, WARMUP - back)
    stream = stream_of(long_bars.iloc[:WARMUP].drop(index=pd.Timestamp(late.time)), macro)
    assert not stream.ready
    assert stream.push(late) is Arrival.FILLED
    assert stream.n_bars == WARMUP
    got = pd.DataFrame([stream.row()], index=long_bars.index[WARMUP - 1 : WARMUP])
    assert_same(got, batch_of(long_bars, macro).iloc[:1])


def test_a_full_stream_that_is_filled_in_forgets_its_oldest_bar(long_bars, stream):
    stream.load(history(long_bars.iloc[: WARMUP + 1].drop(index=long_bars.index[WARMUP - 1])))
    assert stream.missing_before_last == 1
    assert stream.push(nth(long_bars, WARMUP - 1)) is Arrival.FILLED
    assert stream.n_bars == WARMUP
    assert stream.missing_before_last == 0
    assert stream.push(nth(long_bars, 0)) is Arrival.TOO_OLD


def test_a_duplicate_and_a_bar_from_before_all_others_change_nothing(long_bars, stream):
    before = stream.row()
    assert stream.push(nth(long_bars, WARMUP - 1)) is Arrival.DUPLICATE
    assert stream.push(nth(long_bars, 17)) is Arrival.DUPLICATE
    old = nth(long_bars, 0)
    assert stream.push(old._replace(time=old.time - ONE_BAR)) is Arrival.TOO_OLD
    assert stream.row() == before
    assert stream.last == nth(long_bars, WARMUP - 1)


def test_arrivals_in_any_order_give_the_row_of_those_in_order(long_bars, macro):
    rng = np.random.default_rng(8)
    stream = stream_of(long_bars.iloc[:WARMUP], macro)
    bars = list(each_bar(long_bars.iloc[WARMUP : WARMUP + 40]))
    for place in rng.permutation(40):
        stream.push(bars[place])
        stream.row()
    row = pd.DataFrame([stream.row()], index=long_bars.index[WARMUP + 39 : WARMUP + 40])
    assert_same(row, batch_of(long_bars, macro).iloc[40:41])


@pytest.mark.parametrize(
    "changes",
    [
        {"close": float("nan")},
        {"high": float("inf")},
        {"low": 0.0},
        {"volume": -1.0},
        {"high": 1.0},
        {"open": 1e9},
        {"time": datetime(2024, 2, 1, 0, 1, tzinfo=UTC)},
        {"time": datetime(2025, 2, 1)},
    ],
)
def test_an_unsound_bar_is_refused_in_one_line_and_changes_nothing(long_bars, stream, changes):
    before = stream.row()
    with pytest.raises(DataError, match="want ") as caught:
        stream.push(nth(long_bars, WARMUP)._replace(**changes))
    assert "\n" not in str(caught.value)
    assert stream.row() == before
    assert stream.push(nth(long_bars, WARMUP)) is Arrival.NEW


@pytest.mark.parametrize(
    ("spoil", "got"),
    [
        (lambda rows: rows[:, :5], "shape"),
        (lambda rows: rows[::-1], "not later than"),
        (lambda rows: np.repeat(rows, 2, axis=0), "not later than"),
        (lambda rows: rows * [1, 1, 1, 1, 1, -1], "volume -"),
        (lambda rows: rows + np.eye(6)[0], "grid"),
        (lambda rows: rows * [np.inf, 1, 1, 1, 1, 1], "epoch seconds"),
    ],
)
def test_an_unsound_history_is_refused_and_the_old_one_stays(long_bars, stream, spoil, got):
    before = stream.row()
    with pytest.raises(DataError, match=got) as caught:
        stream.load(spoil(history(long_bars)))
    assert "\n" not in str(caught.value)
    assert stream.row() == before


def test_a_stream_is_ready_with_its_warm_up_and_not_before(long_bars):
    stream = FeatureManager().stream()
    assert (stream.n_bars, stream.last, stream.ready) == (0, None, False)
    with pytest.raises(DataError, match="got no bar"):
        stream.stale_sources()
    stream.load(history(long_bars.iloc[: WARMUP - 1]))
    with pytest.raises(DataError, match=r"got 2975 bars, need 2976"):
        stream.row()
    assert stream.push(nth(long_bars, WARMUP - 1)) is Arrival.NEW
    assert stream.ready
    assert list(stream.row()) == FeatureManager().get_feature_names(1)


def test_a_stream_fed_from_nothing_gives_the_row_of_a_loaded_one(long_bars):
    stream = FeatureManager().stream()
    got = None
    for bar in each_bar(long_bars.iloc[:WARMUP]):
        stream.push(bar)
        got = stream.last
    assert got == nth(long_bars, WARMUP - 1)
    row = pd.DataFrame([stream.row()], index=long_bars.index[WARMUP - 1 : WARMUP])
    assert_same(row, batch_of(long_bars).iloc[:1])


def test_an_empty_history_forgets_everything(long_bars, stream):
    stream.load(history(long_bars)[:0])
    assert (stream.n_bars, stream.last, stream.bars_since_gap) == (0, None, 0)
    assert stream.push(nth(long_bars, 0)) is Arrival.NEW
    assert (stream.n_bars, stream.missing_before_last, stream.bars_since_gap) == (1, 0, 1)


def test_a_longer_history_is_cut_to_the_warm_up(long_bars):
    stream = stream_of(long_bars)
    assert stream.n_bars == WARMUP
    row = pd.DataFrame([stream.row()], index=long_bars.index[-1:])
    assert_same(row, batch_of(long_bars).iloc[-1:])


def test_a_warm_up_that_some_feature_does_not_fit_into_is_refused_by_name(long_bars):
    values = load_settings().model_dump()
    values["levels"]["warmup_bars"] = 1000
    stream = FeatureStream(type(load_settings()).model_validate(values))
    stream.load(history(long_bars))
    with pytest.raises(SettingsError, match="strategy_signal_MultiTimeframe"):
        stream.row()


def test_gaps_are_counted_and_bridged_as_in_batch(long_bars):
    bars = long_bars.drop(index=long_bars.index[[WARMUP + 5, WARMUP + 6, WARMUP + 90]])
    bars.iloc[WARMUP + 40 : WARMUP + 42, 4] = 0.0
    since, flags = bars_since_gap(bars), FeatureManager().bridged(bars)
    stream = stream_of(bars.iloc[:WARMUP])
    for i, bar in enumerate(each_bar(bars.iloc[WARMUP:]), start=WARMUP):
        stream.push(bar)
        assert stream.bars_since_gap == min(since.iloc[i], WARMUP)
        assert stream.bridged() == tuple(flags.columns[flags.iloc[i]])
        gap = bars.index[i] - bars.index[i - 1]
        assert stream.missing_before_last == gap // ONE_BAR - 1
    again = stream_of(bars)
    assert again.bars_since_gap == stream.bars_since_gap


def test_staleness_is_that_of_batch(long_bars, macro):
    ended = macro.copy()
    ended.loc["2024-01-30":, ["usd_jpy", "us_10y_yield"]] = np.nan
    stream, manager = stream_of(long_bars.iloc[:WARMUP], ended), FeatureManager()
    seen = set()
    for bar in each_bar(long_bars.iloc[WARMUP:]):
        stream.push(bar)
        assert stream.stale_features() == manager.stale_features(ended, bar.time + ONE_BAR)
        seen.add(stream.stale_sources())
    assert seen == {(), ("usd_jpy",), ("usd_jpy", "us_10y_yield")}
    stream.set_macro(None)
    assert len(stream.stale_sources()) == 4
    assert all(np.isnan(stream.row()[name]) for name in stream.stale_features())


def test_macro_values_that_come_later_are_taken_up(long_bars, macro, stream):
    stream.set_macro(None)
    stream.row()
    stream.set_macro(KnownMacro.from_frame(macro))
    row = pd.DataFrame([stream.row()], index=long_bars.index[WARMUP - 1 : WARMUP])
    assert_same(row, batch_of(long_bars, macro).iloc[:1])


def test_a_bar_far_in_the_future_is_new_and_its_gap_is_told(long_bars, stream):
    far = nth(long_bars, WARMUP)
    assert stream.push(far._replace(time=far.time + timedelta(days=365))) is Arrival.NEW
    assert stream.missing_before_last == 365 * 96
    assert stream.bars_since_gap == 1


LIVE = """
import sys
import numpy as np
from datetime import UTC, datetime, timedelta
from kaidan.features.stream import FeatureStream
from kaidan.market.bar import Bar
from kaidan.market.known_macro import KnownMacro
from kaidan.settings import load_settings
stream = FeatureStream(load_settings())
times = np.arange(3000) * 900.0 + 1.7e9 // 900 * 900
price = 100 + np.sin(np.arange(3000))
stream.load(np.column_stack([times, price, price, price, price, price]))
macro = {"known": [int(times[5])], "values": [50.0]}
names = ("usd_jpy", "nikkei_225", "us_10y_yield", "fear_greed_index")
stream.set_macro(KnownMacro.from_dict(dict.fromkeys(names, macro)))
time = datetime.fromtimestamp(times[-1], UTC) + timedelta(minutes=15)
stream.push(Bar(time, 100.0, 101.0, 99.0, 100.0, 5.0))
stream.row(); stream.bridged(); stream.stale_features()
print({"pandas", "talib", "scipy", "pandera", "mlflow", "pyarrow"} & set(sys.modules))
"""


def test_a_live_stream_loads_neither_pandas_nor_talib():
    answer = subprocess.run(
        [sys.executable, "-c", LIVE], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "set()"
