"""Which rows are learnt from, and that each one left out is counted."""

import numpy as np
import pandas as pd
import pytest

from kaidan.errors import DataError, TrainingError
from kaidan.learning.dataset import History, build_history
from kaidan.market.sample import sample_bars, sample_macro
from tests.kit import small_settings

DAYS = 20
SETTINGS = small_settings()
BARS = sample_bars(60)


def history(bars: pd.DataFrame, macro: pd.DataFrame | None = None, days: int = DAYS) -> History:
    return build_history(bars, macro, SETTINGS, days=days, source="bars")


@pytest.fixture(scope="module")
def whole() -> History:
    return history(BARS, sample_macro(60))


def test_days_are_the_last_days_of_the_data(whole: History) -> None:
    assert len(whole.features) == DAYS * 96
    assert whole.features.index[-1] == BARS.index[-1]
    assert whole.features.shape[1] == 70


def test_rows_without_a_known_future_are_left_out_and_counted(whole: History) -> None:
    found = whole.dataset(2, SETTINGS)
    assert found.dropped == {"future unknown": 16, "gap nearby": 0, "macro missing or stale": 0}
    assert found.times[-1] == BARS.index[-17]
    assert len(found.features) == len(found.y) == DAYS * 96 - 16


def test_rows_after_missing_bars_are_left_out_and_counted() -> None:
    gap = len(BARS) - 10 * 96
    found = history(BARS.drop(BARS.index[gap : gap + 5])).dataset(3, SETTINGS)
    # The five rows whose label needs a missing bar, and a day of rows with windows over the gap.
    assert found.dropped == {"future unknown": 21, "gap nearby": 95, "macro missing or stale": 0}
    assert not found.times.isin(BARS.index[gap - 16 : gap - 11]).any()
    assert not found.times.isin(BARS.index[gap + 5 : gap + 100]).any()
    assert BARS.index[gap + 100] in found.times


def test_rows_around_a_filler_bar_are_left_out_and_counted() -> None:
    bars, at = BARS.copy(), len(BARS) - 10 * 96
    close = bars["close"].iloc[at - 1]
    bars.iloc[at] = (close, close, close, close, 0.0)
    found = history(bars).dataset(3, SETTINGS)
    # Neither the filler bar nor the bar whose label it would be has a label.
    assert found.dropped == {"future unknown": 18, "gap nearby": 95, "macro missing or stale": 0}


def test_rows_with_stale_macro_data_are_left_out_of_level_1_only() -> None:
    macro = sample_macro(60)
    macro.loc[macro.index[-14:], "fear_greed_index"] = np.nan
    found = history(BARS, macro)
    assert found.dataset(1, SETTINGS).dropped["macro missing or stale"] > 5 * 96
    assert found.dataset(2, SETTINGS).dropped["macro missing or stale"] == 0
    assert np.isfinite(found.dataset(1, SETTINGS).features.to_numpy()).all()


@pytest.mark.parametrize(("level", "n_features"), [(1, 70), (2, 62), (3, 57)])
def test_each_level_has_its_own_features(whole: History, level: int, n_features: int) -> None:
    found = whole.dataset(level, SETTINGS)
    assert found.level == level
    assert found.features.shape[1] == n_features
    assert found.features.columns.tolist() == whole.features.columns[:n_features].tolist()


def test_the_hold_out_is_the_end_and_starts_a_horizon_after_development(whole: History) -> None:
    found = whole.dataset(3, SETTINGS)
    assert found.development.start == 0
    assert found.holdout.start - found.development.stop == 16
    assert found.holdout.stop == len(found.y)
    assert found.holdout.stop - found.holdout.start == len(found.y) // 10
    last, first = found.times[found.development][-1], found.times[found.holdout][0]
    assert first - last > pd.Timedelta(minutes=15 * 16)


def test_level_1_without_macro_data_says_what_to_pass() -> None:
    without = history(BARS)
    with pytest.raises(TrainingError, match=r"usd_jpy.*pass --macro FILE or --macro live"):
        without.dataset(1, SETTINGS)
    assert without.dataset(2, SETTINGS).level == 2


def test_too_few_rows_are_one_line_that_says_how_many_are_wanted() -> None:
    with pytest.raises(TrainingError, match=r"got 176 .*at least 534.*use more --days") as refused:
        history(BARS, days=2).dataset(3, SETTINGS)
    assert "\n" not in str(refused.value)


def test_too_few_bars_are_refused_before_anything_is_computed() -> None:
    with pytest.raises(DataError, match=r"bars: got 3300 bars, need 3510 \(warm-up"):
        history(BARS.iloc[-3300:])
