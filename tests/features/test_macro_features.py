import numpy as np
import pandas as pd
import pytest

from kaidan.features.macro_features import (
    SOURCES,
    fed_by,
    macro_changes,
    macro_features,
    stale_sources,
)
from kaidan.market.known_macro import KnownMacro

MAX_AGE_DAYS = 5


def features(macro, closed_at, close):
    seconds = closed_at.as_unit("s").asi8
    columns = macro_features(
        KnownMacro.from_frame(macro), seconds, close, seconds, max_age_days=MAX_AGE_DAYS
    )
    return pd.DataFrame(columns, index=closed_at)


def at(macro, *times):
    """Macro features at close times, with a price that stands still."""
    closed_at = pd.DatetimeIndex([pd.Timestamp(time, tz="UTC") for time in times])
    return features(macro, closed_at, np.ones(len(times)))


def stale_at(macro, time):
    seconds = int(pd.Timestamp(time, tz="UTC").timestamp())
    return stale_sources(KnownMacro.from_frame(macro), seconds, MAX_AGE_DAYS)


def test_a_value_is_there_from_the_moment_it_is_known(macro):
    wednesday, thursday = macro.loc["2024-03-06"], macro.loc["2024-03-07"]
    rows = at(macro, "2024-03-07 16:45", "2024-03-07 17:00", "2024-03-07 07:00", "2024-03-07 00:00")
    assert rows["usd_jpy"].iloc[0] == wednesday["usd_jpy"]
    assert rows["usd_jpy"].iloc[1] == thursday["usd_jpy"]
    assert rows["nikkei_225"].iloc[2] == thursday["nikkei_225"]
    assert rows["nikkei_225"].iloc[3] == wednesday["nikkei_225"]
    assert rows["fear_greed_index"].iloc[3] == thursday["fear_greed_index"]
    assert rows["us_10y_yield"].iloc[1] == macro.loc["2024-03-05", "us_10y_yield"]


def test_a_change_is_against_the_day_before_that_has_a_value(macro):
    row = at(macro, "2024-03-11 18:00").iloc[0]  # Monday, against Friday
    for name, column in (("usd_jpy_change_1d", "usd_jpy"), ("nikkei_change_1d", "nikkei_225")):
        expected = 100 * (macro.loc["2024-03-11", column] / macro.loc["2024-03-08", column] - 1)
        assert row[name] == pytest.approx(expected)


def test_sentiment_is_fear_and_greed_around_zero(macro):
    row = at(macro, "2024-03-07 12:00").iloc[0]
    assert row["market_sentiment"] == (macro.loc["2024-03-07", "fear_greed_index"] - 50) / 50


@pytest.mark.parametrize("source", dict.fromkeys(SOURCES.values()))
def test_a_missing_source_takes_only_its_own_features_with_it(macro, source, make_bars):
    bars = make_bars(96 * 40)
    closed_at = bars.index + pd.Timedelta(minutes=15)
    without = macro.assign(**{source: np.nan})
    last = features(without, closed_at, bars["close"].to_numpy()).iloc[-1]
    missing = set(last.index[last.isna()])
    assert missing == {name for name, its_source in SOURCES.items() if its_source == source}


def test_without_macro_all_eight_are_missing():
    rows = at(None, "2024-03-07 12:00")
    assert list(rows.columns) == list(SOURCES)
    assert rows.isna().all(axis=None)


def test_a_stale_source_is_missing_and_named(macro):
    ended = macro.copy()
    ended.loc["2024-03-08":, "usd_jpy"] = np.nan  # last known on 2024-03-07 17:00
    assert stale_at(ended, "2024-03-12 17:00") == ()
    assert stale_at(ended, "2024-03-12 17:15") == ("usd_jpy",)
    assert fed_by(("usd_jpy",)) == {"usd_jpy", "usd_jpy_change_1d", "usd_jpy_btc_correlation"}
    rows = at(ended, "2024-03-12 17:00", "2024-03-12 17:15")
    assert rows["usd_jpy"].notna().tolist() == [True, False]
    assert rows["usd_jpy_change_1d"].notna().tolist() == [True, False]
    assert rows["nikkei_change_1d"].notna().all()


def test_the_correlation_is_missing_where_the_series_is_stale(macro, make_bars):
    bars = make_bars(96 * 60)
    ended = macro.copy()
    ended.loc["2024-02-10":, "usd_jpy"] = np.nan
    closed_at = bars.index + pd.Timedelta(minutes=15)
    correlation = features(ended, closed_at, bars["close"].to_numpy())["usd_jpy_btc_correlation"]
    assert np.isfinite(correlation[pd.Timestamp("2024-02-14 17:00", tz="UTC")])
    assert np.isnan(correlation[pd.Timestamp("2024-02-14 17:15", tz="UTC")])


def test_nothing_changes_between_two_instants_of_change(macro, make_bars):
    bars = make_bars(96 * 60)
    closed_at = bars.index + pd.Timedelta(minutes=15)
    ended = macro.copy()
    ended.loc["2024-02-10":, "usd_jpy"] = np.nan
    rows = features(ended, closed_at, bars["close"].to_numpy())
    moved = (rows.ne(rows.shift()) & ~(rows.isna() & rows.shift().isna())).any(axis=1).iloc[1:]
    changes = np.array(macro_changes(KnownMacro.from_frame(ended), MAX_AGE_DAYS))
    passed = np.diff(changes.searchsorted(closed_at.as_unit("s").asi8, side="right")) > 0
    assert not (moved.to_numpy() & ~passed).any()
    assert moved.sum() > 100
