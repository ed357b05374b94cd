from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from kaidan.errors import DataError, UsageError
from kaidan.market import source
from kaidan.market.bars import check_bars
from kaidan.market.live_macro import LiveMacro
from kaidan.market.macro import check_macro
from kaidan.market.sample import sample_bars, sample_macro
from kaidan.market.source import data_sha256, load_bars, load_macro

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def file(tmp_path):
    """Ten days of bars that ended in 2025."""
    path = tmp_path / "bars.parquet"
    sample_bars(10).to_parquet(path)
    return path


def test_days_are_counted_from_the_end_of_the_data_and_not_from_the_clock(file, tmp_path):
    bars = load_bars(str(file), days=2, home=tmp_path)
    assert len(bars) == 2 * 96
    assert bars.index[-1] == pd.Timestamp("2025-12-31T23:45Z")


def test_extra_bars_come_before_the_days(file, tmp_path):
    bars = load_bars(str(file), days=2, home=tmp_path, extra_bars=30)
    assert len(bars) == 2 * 96 + 30
    pd.testing.assert_frame_equal(bars.iloc[30:], load_bars(str(file), days=2, home=tmp_path))


def test_a_history_with_less_than_was_asked_for_is_given_whole(file, tmp_path):
    assert len(load_bars(str(file), days=9, home=tmp_path, extra_bars=500)) == 960
    assert len(load_bars(str(file), days=99, home=tmp_path)) == 960


def test_missing_bars_do_not_stretch_the_days(file, tmp_path):
    bars = pd.read_parquet(file)
    bars.drop(bars.index[-50:-10]).to_parquet(file)
    loaded = load_bars(str(file), days=1, home=tmp_path)
    assert len(loaded) == 96 - 40
    assert loaded.index[0] == pd.Timestamp("2025-12-31T00:00Z")


def test_without_days_all_bars_come(file, tmp_path):
    assert len(load_bars(str(file), days=None, home=tmp_path)) == 960


@pytest.mark.parametrize("days", [0, -1])
def test_days_below_one_are_wrong_use(tmp_path, days):
    with pytest.raises(UsageError, match=f"days is {days}; want 1 or more"):
        load_bars("sample", days=days, home=tmp_path)


def test_the_sample_is_the_tail_of_its_400_days(tmp_path):
    pd.testing.assert_frame_equal(
        load_bars("sample", days=10, home=tmp_path), sample_bars().iloc[-960:]
    )


def test_a_forming_bar_in_a_file_is_refused_by_now(file, tmp_path):
    with pytest.raises(DataError, match="has not closed"):
        load_bars(str(file), days=1, home=tmp_path, now=datetime(2025, 12, 31, tzinfo=UTC))


@pytest.mark.parametrize("uri", ["s3://bucket/bars.parquet", "https://x.org/bars.csv", "live:x"])
def test_an_unknown_scheme_is_wrong_use(tmp_path, uri):
    with pytest.raises(UsageError, match="unknown kind of source; want sample"):
        load_bars(uri, days=1, home=tmp_path)
    with pytest.raises(UsageError, match="unknown kind of source; want sample"):
        load_macro(uri, bars_uri="sample", home=tmp_path)


def test_a_missing_file_names_the_choices(tmp_path):
    with pytest.raises(DataError, match="smaple: no such file; want sample, a CSV or Parquet"):
        load_bars("smaple", days=1, home=tmp_path)
    with pytest.raises(DataError, match=r"absent\.csv: no such file; want sample, live or"):
        load_macro("absent.csv", bars_uri="sample", home=tmp_path)


def test_an_exchange_without_days_is_wrong_use(tmp_path):
    with pytest.raises(UsageError, match="say how many days"):
        load_bars("exchange:bitbank/BTC_JPY", days=None, home=tmp_path)


def test_an_exchange_is_asked_for_the_days_and_the_warm_up(tmp_path, monkeypatch):
    asked = {}

    def fetch(name, **options):
        asked.update(options, name=name)
        return sample_bars(10)

    monkeypatch.setattr(source, "fetch_bars", fetch)
    bars = load_bars(
        "exchange:bitbank/BTC_JPY", days=3, home=tmp_path, extra_bars=97, now=NOW, on_page=print
    )
    assert asked.pop("on_page") is print
    assert asked == {"name": "bitbank/BTC_JPY", "days": 5, "home": tmp_path, "now": NOW}
    assert len(bars) == 3 * 96 + 97


def test_no_macro_is_none_save_for_the_sample(file, tmp_path):
    assert load_macro("", bars_uri=str(file), home=tmp_path) is None
    pd.testing.assert_frame_equal(load_macro("", bars_uri="sample", home=tmp_path), sample_macro())


def test_sample_macro_may_go_with_other_bars(file, tmp_path):
    assert load_macro("sample", bars_uri=str(file), home=tmp_path) is not None


def test_a_macro_file_is_read(raw_macro, tmp_path):
    raw_macro.to_csv(tmp_path / "macro.csv", index=False)
    macro = load_macro(str(tmp_path / "macro.csv"), bars_uri="sample", home=tmp_path)
    pd.testing.assert_frame_equal(macro, check_macro(raw_macro))


def test_live_macro_tells_its_failures_and_gives_what_it_has(tmp_path, monkeypatch, caplog):
    live = LiveMacro(frame=sample_macro(5), failures={"usd_jpy": "no answer"})
    monkeypatch.setattr(source, "fetch_macro", lambda folder, *, now: live)
    assert load_macro("live", bars_uri="sample", home=tmp_path, now=NOW) is live.frame
    assert "macro usd_jpy is not refreshed: no answer" in caplog.text


def test_the_hash_sees_values_times_and_nothing_else(raw_bars, raw_macro):
    bars, macro = check_bars(raw_bars), check_macro(raw_macro)
    same = data_sha256(bars, macro)
    assert same == data_sha256(bars.set_index(bars.index.as_unit("s")), macro.copy())
    changed = bars.copy()
    changed.iloc[3, 0] = np.nextafter(changed.iloc[3, 0], 200)
    shifted = bars.set_index(bars.index + pd.Timedelta(minutes=15))
    others = [
        data_sha256(changed, macro),
        data_sha256(shifted, macro),
        data_sha256(bars, None),
        data_sha256(bars, macro.iloc[1:]),
        data_sha256(bars.iloc[1:], macro),
    ]
    assert len({same, *others}) == 6


def test_the_hash_of_known_bars_is_the_same_everywhere(raw_bars):
    known = "9547aba1b99b08cc355c3dfbff1dc3c10156832db491ed19f4203a6af2073231"
    assert data_sha256(check_bars(raw_bars), None) == known


def test_live_macro_of_which_nothing_is_known_is_no_macro_data_and_no_failure(
    tmp_path, monkeypatch
):
    nothing = LiveMacro(frame=sample_macro(5).iloc[:0], failures={"usd_jpy": "no answer"})
    monkeypatch.setattr(source, "fetch_macro", lambda folder, *, now: nothing)
    assert load_macro("live", bars_uri="sample", home=tmp_path, now=NOW) is None
