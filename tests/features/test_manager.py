import numpy as np
import pandas as pd
import pytest

from kaidan.errors import ContractError, DataError, SettingsError, UsageError
from kaidan.features.catalogue import CATALOGUE
from kaidan.features.manager import FeatureManager
from kaidan.settings import load_settings

WARMUP = 2976


@pytest.fixture(scope="module")
def manager():
    return FeatureManager()


@pytest.fixture(scope="module")
def long_bars(make_bars):
    return make_bars(WARMUP + 300)


@pytest.fixture(scope="module")
def features(manager, long_bars, macro):
    return manager.generate_features(long_bars, macro)


def test_features_come_in_contract_order_from_the_first_full_warm_up_on(features, long_bars):
    assert features.shape == (301, 70)
    assert list(features.columns) == list(CATALOGUE)
    assert features.index.equals(long_bars.index[WARMUP - 1 :])
    assert (features.dtypes == np.float64).all()
    assert np.isfinite(features).all(axis=None)


def test_without_macro_only_macro_columns_are_missing(manager, long_bars):
    features = manager.generate_features(long_bars)
    assert np.isfinite(features[manager.get_feature_names(2)]).all(axis=None)
    assert features[manager.get_feature_names(1)[62:]].isna().all(axis=None)


def test_timestamps_may_be_a_column(manager, long_bars, features, macro):
    got = manager.generate_features(long_bars.reset_index(), macro.reset_index())
    pd.testing.assert_frame_equal(got, features)


def test_exactly_the_warm_up_gives_one_row(manager, long_bars):
    assert len(manager.generate_features(long_bars.iloc[:WARMUP])) == 1


def test_fewer_bars_than_the_warm_up_are_refused_in_one_line(manager, long_bars):
    with pytest.raises(DataError, match=r"2975.*2976") as caught:
        manager.generate_features(long_bars.iloc[: WARMUP - 1])
    assert "\n" not in str(caught.value)


def test_unsound_bars_are_refused(manager, long_bars):
    broken = long_bars.copy()
    broken.iloc[5, 3] = np.nan
    with pytest.raises(DataError):
        manager.generate_features(broken)


def test_a_warm_up_that_some_feature_does_not_fit_into_is_refused_by_name(long_bars):
    values = load_settings().model_dump()
    values["levels"]["warmup_bars"] = 1000
    manager = FeatureManager(type(load_settings()).model_validate(values))
    with pytest.raises(SettingsError, match="strategy_signal_MultiTimeframe"):
        manager.generate_features(long_bars)


def test_the_neutral_values_of_a_market_that_does_not_move(manager, flat_bars):
    last = manager.generate_features(flat_bars).iloc[-1]
    neutral = {"rsi_14": 50.0, "rsi_14_lag_1": 50.0, "bb_position": 0.5, "channel_position": 0.5}
    assert {name: last[name] for name in neutral} == neutral
    assert np.isfinite(last[manager.get_feature_names(2)]).all()


def test_names_and_counts_by_level(manager):
    assert [manager.get_feature_count(level) for level in (1, 2, 3, "legacy12")] == [70, 62, 57, 12]
    assert manager.get_feature_names(3) == manager.get_feature_names(1)[:57]
    assert manager.get_feature_names("legacy12")[-1] == "volume_ratio"
    with pytest.raises(UsageError, match="got 4, wanted 1, 2 or 3"):
        manager.get_feature_names(4)


def test_valid_features_pass_in_any_order_and_with_extra_columns(manager, features):
    shuffled = features[features.columns[::-1]].assign(extra="text")
    for level in (1, 2, 3, "legacy12"):
        manager.validate_features(shuffled, level)


def test_missing_features_are_named(manager, features):
    with pytest.raises(ContractError, match="missing: rsi_14, sma_20"):
        manager.validate_features(features.drop(columns=["rsi_14", "sma_20"]), 3)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, "text", None])
def test_values_that_are_not_finite_numbers_are_named(manager, features, value):
    broken = features.astype(object)
    broken.loc[broken.index[3], ["adx_14", "usd_jpy"]] = value
    with pytest.raises(ContractError, match="others in: adx_14;"):
        manager.validate_features(broken, 2)
    with pytest.raises(ContractError, match="adx_14, usd_jpy"):
        manager.validate_features(broken, 1)


def test_stale_features_are_those_of_stale_sources(manager, macro):
    at = pd.Timestamp("2024-03-07 12:00", tz="UTC")
    assert manager.stale_features(macro, at) == frozenset()
    assert len(manager.stale_features(None, at)) == 8
    assert manager.stale_features(macro.assign(nikkei_225=np.nan), at) == {
        "nikkei_225",
        "nikkei_change_1d",
    }
    assert len(manager.stale_features(macro, pd.Timestamp("2025-01-01", tz="UTC"))) == 8


def test_staleness_and_missing_values_agree(manager, long_bars, macro):
    ended = macro.copy()
    ended.loc["2024-01-25":, ["usd_jpy", "us_10y_yield"]] = np.nan
    features = manager.generate_features(long_bars, ended)
    for row in (0, 40, 300):
        closed = features.index[row] + pd.Timedelta(minutes=15)
        missing = set(features.columns[features.iloc[row].isna()])
        assert manager.stale_features(ended, closed) == missing


def test_windows_over_a_gap_are_flagged_until_they_are_past_it(manager, make_bars):
    bars = make_bars(200).drop(index=make_bars(200).index[50:53])
    flags = manager.bridged(bars)
    assert list(flags.columns) == list(CATALOGUE)
    assert not flags["close"].any()
    assert not flags["hour_sin"].any()
    assert flags["returns_1"].to_numpy()[:52].nonzero()[0].tolist() == [0, 50]
    assert flags["bb_position"].to_numpy()[45:72].nonzero()[0].tolist() == list(range(5, 24))


def test_a_filler_bar_flags_even_what_looks_at_one_bar(manager, make_bars):
    bars = make_bars(200)
    bars.iloc[50, 4] = 0.0
    flags = manager.bridged(bars)
    assert flags["close"].to_numpy().nonzero()[0].tolist() == [50]
    assert not flags["usd_jpy"].any()
