import json
import time
from datetime import timedelta

import pandas as pd
import pytest

from kaidan.bot.errands.outside import Errand, OutsideError
from kaidan.bot.sources import macro_source
from kaidan.bot.sources.macro_source import MacroSource, MacroTold
from kaidan.market.known_macro import MACRO_COLUMNS
from kaidan.market.sample import sample_macro
from kaidan.market.source import data_sha256
from tests.bot.sources.conftest import START
from tests.bot.sources.kit import InProcess, serving, settings, texts

REFRESH = 3600.0


class Sources:
    """Four macro sources; `fault` answers in place of the Nikkei's."""

    def __init__(self):
        self.today = pd.Timestamp("2024-01-09")
        self.fault = None
        self.asked = 0

    def __call__(self, path):
        self.asked += 1
        days = pd.date_range("2024-01-01", self.today, tz="UTC")
        seconds = [int(day.timestamp()) for day in days]
        if path.startswith("/fng"):
            entries = [{"value": "50", "timestamp": str(second)} for second in seconds]
            return 200, json.dumps({"data": entries})
        if "N225" in path and self.fault is not None:
            return self.fault(days)
        level = 33_000.0 if "N225" in path else 140.0 if "JPY" in path else 4.0
        return chart(seconds, [level + 0.01 * n for n in range(len(days))])


def chart(seconds, closes):
    result = {
        "meta": {"gmtoffset": 0},
        "timestamp": seconds,
        "indicators": {"quote": [{"close": closes}]},
    }
    return 200, json.dumps({"chart": {"result": [result]}})


def constant(value):
    return lambda days: chart([int(day.timestamp()) for day in days], [value] * len(days))


@pytest.fixture(autouse=True)
def _in_process(monkeypatch):
    monkeypatch.setattr(macro_source, "Errand", InProcess)


@pytest.fixture
def sources(monkeypatch):
    answer = Sources()
    with serving(answer, lambda: None) as url:
        monkeypatch.setenv("KAIDAN_CHART_URL", f"{url}/chart")
        monkeypatch.setenv("KAIDAN_FEAR_GREED_URL", f"{url}/fng")
        yield answer


@pytest.fixture
def live(sources):
    source = MacroSource("live", settings(macro_refresh_seconds=REFRESH, retry_seconds=5))
    seconds = 0.0

    def poll(more=0.0):
        nonlocal seconds
        seconds += more
        now = START + timedelta(seconds=seconds)
        return [event for _ in range(2) for event in source.poll(now, seconds)]

    poll.source = source
    return poll


def last(events, column="nikkei_225"):
    (told,) = (event for event in events if isinstance(event, MacroTold))
    return told.known[column].values[-1]


def test_no_macro_data_is_told_once():
    source = MacroSource("", settings())
    assert source.poll(START, 0.0) == [MacroTold(None, None)]
    assert source.settled
    assert source.poll(START, 9e9) == []


def test_a_file_is_read_once(tmp_path):
    macro = sample_macro(10)
    macro.to_parquet(tmp_path / "macro.parquet")
    source = MacroSource(str(tmp_path / "macro.parquet"), settings())
    assert source.poll(START, 0.0) == []
    assert not source.settled
    (told,) = source.poll(START, 1.0)
    assert source.settled
    assert told.data_sha256 == data_sha256(macro, None)
    assert told.known["usd_jpy"].values.tolist() == macro["usd_jpy"].dropna().tolist()
    assert source.poll(START, 9e9) == source.poll(START, 9e9) == []


def test_the_sample_is_known_by_its_name():
    source = MacroSource("sample", settings())
    assert source.poll(START, 0.0) == []
    assert set(source.poll(START, 0.0)[0].known.series) == set(MACRO_COLUMNS)


def test_a_file_that_cannot_be_had_ends_the_bot(tmp_path):
    source = MacroSource(str(tmp_path / "absent.csv"), settings())
    source.poll(START, 0.0)
    with pytest.raises(OutsideError, match="no such file"):
        source.poll(START, 0.0)


def test_live_values_come_and_are_refreshed(live, sources):
    first = live()
    assert texts(first) == []
    assert last(first) == pytest.approx(33_000.08)
    assert first[0].data_sha256 is None
    assert live(REFRESH - 1) == []
    sources.today += timedelta(days=1)
    assert last(live(1 + 3600)) == pytest.approx(33_000.09)
    assert sources.asked == 8


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda _days: (500, "broken"), "500"),
        (lambda _days: (200, "<html>maintenance</html>"), "JSON"),
        (constant(0.0), "says 0 for 2024-01-01, which cannot be"),
        (constant(-33_000.0), "which cannot be"),
        (constant("soon"), "another form"),
        (lambda days: chart([int(days[-1].timestamp())], [330_000.0]), "can move"),
    ],
)
def test_a_source_that_fails_or_lies_does_so_alone_and_its_values_stay(live, sources, fault, said):
    before = last(live())
    sources.fault = fault
    sources.today += timedelta(days=1)
    events = live(REFRESH)
    assert texts(events) == ["macro nikkei_225"]
    assert said in events[0].text
    assert last(events) == before
    assert last(events, "fear_greed_index") == 50.0
    assert texts(live(30)) == []
    assert [trouble.kind for trouble in live.source.troubles] == ["macro nikkei_225"]
    sources.fault = None
    assert texts(live(60)) == ["macro nikkei_225 over"]


def test_a_source_that_fails_is_asked_again_soon_and_ever_less_often(live, sources):
    sources.fault = lambda _days: (500, "broken")
    live()
    asked = sources.asked
    for _ in range(360):
        live(10)
    # Twice each time; the other three are fresh enough.
    assert 2 * 7 <= sources.asked - asked <= 2 * 11


def test_yesterdays_value_again_and_again_only_ages(live, sources):
    known = live()[0].known["nikkei_225"].known[-1]
    for _ in range(6):
        events = live(24 * 3600)
        assert texts(events) == []
        assert events[0].known["nikkei_225"].known[-1] == known


def test_an_errand_that_fails_is_one_trouble_and_ends(live, home):
    home.mkdir()
    (home / "macro").write_text("a file where a folder is wanted")
    assert texts(live()) == [f"macro {column}" for column in sorted(MACRO_COLUMNS)]


def test_an_errand_that_is_killed_is_one_trouble_and_over_with_the_next(live, monkeypatch):
    class Killed(InProcess):
        def result(self):
            raise OutsideError("macro live: no answer within 60 s; killed")

    monkeypatch.setattr(macro_source, "Errand", Killed)
    assert texts(live()) == ["macro"]
    assert live.source.settled
    monkeypatch.setattr(macro_source, "Errand", InProcess)
    events = live(10) + live(10)
    assert texts(events) == ["macro over"]
    assert last(events) > 0


def test_live_macro_is_stopped_within_a_second(sources, monkeypatch):
    monkeypatch.setattr(macro_source, "Errand", Errand)
    sources.fault = lambda _days: (time.sleep(2), "")
    source = MacroSource("live", settings())
    source.poll(START, 0.0)
    while not sources.asked:
        source.poll(START, 0.0)
        time.sleep(0.02)
    before = time.monotonic()
    source.close()
    assert time.monotonic() - before < 1
    source.close()
