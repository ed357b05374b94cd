"""Labels look ahead by time, and only where the future is known."""

import numpy as np
import pandas as pd

from kaidan.learning.labels import make_labels, previous_labels
from kaidan.settings import LabelSettings
from kaidan.signal import Signal

LABEL = LabelSettings(horizon_bars=2, threshold_return=0.005)


def bars_of(closes: list[float]) -> pd.DataFrame:
    index = pd.date_range("2024-01-01", periods=len(closes), freq="15min", tz="UTC")
    close = np.array(closes)
    return pd.DataFrame({"close": close, "volume": np.ones(len(close))}, index=index)


def test_a_label_is_the_return_over_the_horizon_against_the_threshold() -> None:
    labels = make_labels(bars_of([100, 100, 100.6, 99.4, 100.6]), LABEL)
    assert [Signal(v).name for v in labels] == ["BUY", "SELL", "HOLD"]


def test_the_threshold_itself_is_hold() -> None:
    labels = make_labels(bars_of([1000.0, 1.0, 1005.0]), LABEL)
    assert labels.iloc[0] == Signal.HOLD


def test_a_row_whose_future_is_unknown_has_no_label() -> None:
    labels = make_labels(bars_of([100.0] * 5), LABEL)
    assert len(labels) == 3


def test_across_a_gap_the_later_bar_is_found_by_time_and_not_by_position() -> None:
    bars = bars_of([100, 100, 100, 102, 102, 102, 102])
    labels = make_labels(bars.drop(bars.index[3]), LABEL)
    assert bars.index[1] not in labels.index
    assert labels[bars.index[2]] == Signal.BUY


def test_a_filler_bar_is_neither_start_nor_end_of_a_label() -> None:
    bars = bars_of([100.0] * 6)
    bars.loc[bars.index[3], "volume"] = 0.0
    labels = make_labels(bars, LABEL)
    assert list(labels.index) == [bars.index[0], bars.index[2]]


def test_the_previous_label_is_the_newest_that_was_known() -> None:
    labels = make_labels(bars_of([100, 100, 101, 100, 101, 102, 103]), LABEL)
    previous = previous_labels(labels, LABEL)
    assert previous.iloc[:2].isna().all()
    assert list(previous.iloc[2:]) == list(labels.iloc[:-2])
