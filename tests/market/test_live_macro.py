import json
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from socketserver import StreamRequestHandler, ThreadingTCPServer

import numpy as np
import pandas as pd
import pytest

from kaidan.market.history import load_history
from kaidan.market.live_macro import fetch_macro
from kaidan.market.macro import MACRO_COLUMNS, as_known, check_macro

NOW = datetime(2024, 1, 10, 22, 0, tzinfo=UTC)  # a Wednesday
LEVELS = {"JPY": 141.0, "N225": 33_000.0, "TNX": 4.0}


def chart(closes, first="2024-01-01", gmt_offset=0):
    """A chart answer with one close a day from `first` on, stamped at the exchange's midnight."""
    days = pd.date_range(first, periods=len(closes), tz="UTC")
    stamps = [int(day.timestamp()) - gmt_offset for day in days]
    result = {
        "meta": {"gmtoffset": gmt_offset},
        "timestamp": stamps,
        "indicators": {"quote": [{"close": closes}]},
    }
    return json.dumps({"chart": {"result": [result], "error": None}})


def fear_greed(values, first="2024-01-01"):
    days = pd.date_range(first, periods=len(values), tz="UTC")
    entries = [
        {"value": str(value), "timestamp": str(int(day.timestamp()))}
        for day, value in zip(days, values, strict=True)
    ]
    return json.dumps({"data": entries[::-1]})  # newest first, as the real one answers


def symbol_of(path):
    return next((symbol for symbol in LEVELS if symbol in path), None)


def good(path):
    symbol = symbol_of(path)
    if symbol is None:
        return 200, fear_greed(list(range(50, 60)))
    return 200, chart([LEVELS[symbol] + day for day in range(10)])


def fetch(server, folder, now=NOW, timeout_seconds=5.0, **options):
    return fetch_macro(
        folder,
        now=now,
        timeout_seconds=timeout_seconds,
        **{"chart_url": f"{server.url}/chart", "fear_greed_url": f"{server.url}/fng/"} | options,
    )


def failing_for(symbol, failure):
    """Good answers, save for one source."""
    return lambda path: failure(path) if symbol_of(path) == symbol else good(path)


def test_four_working_sources_give_a_frame_that_passes_the_door(server, tmp_path):
    server.answer = good
    live = fetch(server, tmp_path)
    assert live.failures == {}
    pd.testing.assert_frame_equal(check_macro(live.frame), live.frame, check_freq=False)
    assert live.frame.loc["2024-01-05"].tolist() == [145.0, 33_004.0, 8.0, 54.0]


def test_symbols_are_asked_for_by_their_names(server, tmp_path):
    server.answer = good
    fetch(server, tmp_path)
    assert sorted(path.split("?")[0] for path in server.asked) == [
        "/chart/%5EN225",
        "/chart/%5ETNX",
        "/chart/JPY%3DX",
        "/fng/",
    ]


def test_the_exchange_decides_which_day_a_close_belongs_to(server, tmp_path):
    tokyo = 9 * 3600
    server.answer = failing_for("N225", lambda _: (200, chart([33_000.0], "2024-01-04", tokyo)))
    assert fetch(server, tmp_path).frame["nikkei_225"].dropna().to_dict() == {
        pd.Timestamp("2024-01-04"): 33_000.0
    }


def test_a_value_that_is_not_final_is_left_out(server, tmp_path):
    server.answer = good
    early = fetch(server, tmp_path, now=datetime(2024, 1, 10, 16, 59, tzinfo=UTC)).frame
    last_days = [str(early[column].dropna().index[-1].date()) for column in MACRO_COLUMNS]
    assert last_days == ["2024-01-09", "2024-01-10", "2024-01-08", "2024-01-10"]


def test_a_source_with_nothing_final_yet_is_told(server, tmp_path):
    server.answer = failing_for("JPY", lambda _: (200, chart([141.0], "2024-01-11")))
    live = fetch(server, tmp_path)
    assert "no value that is final yet" in live.failures["usd_jpy"]


def test_missing_closes_are_skipped(server, tmp_path):
    server.answer = failing_for("JPY", lambda _: (200, chart([141.0, None, 143.0])))
    assert fetch(server, tmp_path).frame["usd_jpy"].dropna().tolist() == [141.0, 143.0]


def test_nothing_is_asked_again_within_a_day(server, tmp_path):
    server.answer = good
    first = fetch(server, tmp_path)
    second = fetch(server, tmp_path, now=NOW + timedelta(hours=23, minutes=59))
    assert len(server.asked) == 4
    pd.testing.assert_frame_equal(first.frame, second.frame)


def test_everything_is_asked_again_after_a_day(server, tmp_path):
    server.answer = good
    fetch(server, tmp_path)
    fetch(server, tmp_path, now=NOW + timedelta(hours=24))
    assert len(server.asked) == 8


def test_new_days_are_added_and_only_the_last_known_one_is_revised(server, tmp_path):
    server.answer = failing_for("JPY", lambda _: (200, chart([141.0, 142.0, 143.0])))
    fetch(server, tmp_path)
    server.answer = failing_for("JPY", lambda _: (200, chart([1.5, 148.0, 149.0], "2024-01-02")))
    later = fetch(server, tmp_path, now=NOW + timedelta(days=1)).frame["usd_jpy"].dropna()
    assert later.tolist() == [141.0, 142.0, 148.0, 149.0]


def server_error(_path):
    return 500, "broken"


def web_page(_path):
    return 200, "<html>maintenance</html>"


def zeros(_path):
    return 200, chart([0.0, 0.0])


def infinite(_path):
    return 200, chart([141.0, float("inf")])


def other_json(_path):
    return 200, '{"chart": {"result": null, "error": "no such symbol"}}'


def no_values(_path):
    return 200, chart([None, None])


def a_hundredfold(_path):
    return 200, chart([14_100.0])


def negative(_path):
    return 200, chart([141.0, -141.0])


def text(_path):
    return 200, chart([141.0, "soon"])


def only_the_future(_path):
    return 200, chart([141.0], "2031-01-01")


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (server_error, "500"),
        (web_page, "JSON"),
        (zeros, "usd_jpy: the source says 0 for 2024-01-01"),
        (infinite, "says inf for 2024-01-02"),
        (other_json, "another form than expected"),
        (no_values, "no values"),
        (a_hundredfold, "says 14100 for 2024-01-01, which cannot be"),
        (negative, "says -141 for 2024-01-02, which cannot be"),
        (
            text,
            "another form than expected (ValueError: could not convert string to float: 'soon')",
        ),
        (only_the_future, "no value that is final yet"),
    ],
)
def test_one_failing_source_makes_only_its_column_missing(server, tmp_path, fault, told):
    server.answer = failing_for("JPY", fault)
    live = fetch(server, tmp_path)
    assert live.frame["usd_jpy"].isna().all()
    assert live.frame[["nikkei_225", "us_10y_yield", "fear_greed_index"]].notna().any().all()
    assert list(live.failures) == ["usd_jpy"]
    assert told in live.failures["usd_jpy"]
    assert "\n" not in live.failures["usd_jpy"]


def test_a_broken_fear_and_greed_answer_is_told(server, tmp_path):
    server.answer = lambda path: good(path) if symbol_of(path) else (200, '{"name": "x"}')
    live = fetch(server, tmp_path)
    assert "another form than expected" in live.failures["fear_greed_index"]


def test_a_server_error_is_tried_once_more(server, tmp_path):
    server.answer = failing_for("JPY", server_error)
    fetch(server, tmp_path)
    assert sum(symbol_of(path) == "JPY" for path in server.asked) == 2


def test_a_single_failure_is_got_over(server, tmp_path):
    def flaky(path):
        return good(path) if server.asked.count(path) > 1 else (503, "busy")

    server.answer = flaky
    assert fetch(server, tmp_path).failures == {}


def test_servers_that_hang_cost_two_time_outs_in_all(server, tmp_path):
    server.answer = server.hang
    started = time.monotonic()
    live = fetch(server, tmp_path, timeout_seconds=0.2)
    assert time.monotonic() - started < 1.5
    assert set(live.failures) == set(MACRO_COLUMNS)
    assert live.frame.empty
    assert tuple(live.frame.columns) == MACRO_COLUMNS


def test_without_a_network_the_history_answers(server, tmp_path):
    server.answer = good
    before = fetch(server, tmp_path).frame
    after = fetch_macro(
        tmp_path,
        now=NOW + timedelta(days=2),
        chart_url="http://127.0.0.1:1/chart",
        fear_greed_url="http://127.0.0.1:1/fng/",
    )
    assert set(after.failures) == set(MACRO_COLUMNS)
    pd.testing.assert_frame_equal(after.frame, before)


def test_a_failed_source_is_asked_again_at_once_and_not_after_a_day(server, tmp_path):
    server.answer = failing_for("JPY", server_error)
    fetch(server, tmp_path)
    server.answer = good
    live = fetch(server, tmp_path, now=NOW + timedelta(minutes=15))
    assert live.failures == {}
    assert live.frame["usd_jpy"].notna().any()
    assert sum(symbol_of(path) == "TNX" for path in server.asked) == 1


def test_a_damaged_history_fails_alone_and_is_kept(server, tmp_path):
    server.answer = good
    fetch(server, tmp_path)
    (tmp_path / "usd_jpy.parquet").write_bytes(b"half a file")
    live = fetch(server, tmp_path)
    assert "delete it to fetch again" in live.failures["usd_jpy"]
    assert np.isnan(live.frame["usd_jpy"]).all()
    assert (tmp_path / "usd_jpy.parquet").read_bytes() == b"half a file"


def test_the_history_holds_values_and_when_they_were_fetched(server, tmp_path):
    server.answer = good
    fetch(server, tmp_path)
    history = load_history(tmp_path / "nikkei_225.parquet")
    assert list(history.columns) == ["value", "fetched_at"]
    assert (history["fetched_at"] == NOW).all()


@contextmanager
def trickling():
    """A server that answers a space every twentieth of a second, so that no time-out passes."""
    over = threading.Event()

    class Handler(StreamRequestHandler):
        def handle(self):
            self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
            with suppress(ConnectionError):
                while not over.wait(0.05):
                    self.wfile.write(b" ")

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as tcp:
        threading.Thread(target=tcp.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{tcp.server_address[1]}"
        over.set()
        tcp.shutdown()


def test_a_server_that_trickles_is_left_behind_alone(server, tmp_path):
    server.answer = good
    with trickling() as url:
        started = time.monotonic()
        live = fetch(server, tmp_path, timeout_seconds=0.2, fear_greed_url=url)
        assert time.monotonic() - started < 3
    assert list(live.failures) == ["fear_greed_index"]
    assert "still answering after 0.2 s, twice" in live.failures["fear_greed_index"]
    assert live.frame[["nikkei_225", "us_10y_yield", "usd_jpy"]].notna().any().all()


def nikkei(*values):
    """Good answers, and these closes of the Nikkei from 2024-01-01 on."""
    return failing_for("N225", lambda _: (200, chart(list(values))))


USUAL = [33_000.0 + day for day in range(7)]


@pytest.mark.parametrize("lie", [330_000.0, 330.0])
def test_a_value_that_no_day_can_have_moved_to_fails_and_leaves_the_history(server, tmp_path, lie):
    server.answer = nikkei(*USUAL)
    fetch(server, tmp_path)
    before = (tmp_path / "nikkei_225.parquet").read_bytes()
    server.answer = nikkei(*USUAL, lie)
    live = fetch(server, tmp_path, now=NOW + timedelta(days=1))
    assert list(live.failures) == ["nikkei_225"]
    assert (
        "for 2024-01-08 after 33006 for 2024-01-07, more than a day can move"
        in (live.failures["nikkei_225"])
    )
    assert live.frame["nikkei_225"].dropna().tolist() == USUAL
    assert (tmp_path / "nikkei_225.parquet").read_bytes() == before


def test_a_lie_is_asked_about_again_at_once_and_the_truth_is_taken(server, tmp_path):
    server.answer = nikkei(*USUAL)
    fetch(server, tmp_path)
    server.answer = nikkei(*USUAL, 330_000.0)
    fetch(server, tmp_path, now=NOW + timedelta(days=1))
    server.answer = nikkei(*USUAL, 33_100.0)
    live = fetch(server, tmp_path, now=NOW + timedelta(days=1, hours=1))
    assert live.failures == {}
    assert live.frame["nikkei_225"].dropna().tolist() == [*USUAL, 33_100.0]


def test_yesterdays_value_again_and_again_is_kept_as_yesterdays(server, tmp_path):
    server.answer = nikkei(*USUAL)
    for day in range(6):
        live = fetch(server, tmp_path, now=NOW + timedelta(days=day))
    assert live.failures == {}
    late = pd.DatetimeIndex([NOW + timedelta(days=6)])
    assert live.frame["nikkei_225"].last_valid_index() == pd.Timestamp("2024-01-07")
    assert as_known(live.frame[["nikkei_225"]], late, 5).isna().all(axis=None)


def test_a_younger_cache_can_be_asked_for(server, tmp_path):
    server.answer = good
    fetch(server, tmp_path)
    fetch(server, tmp_path, now=NOW + timedelta(minutes=59), cache_age=timedelta(hours=1))
    assert len(server.asked) == 4
    fetch(server, tmp_path, now=NOW + timedelta(minutes=60), cache_age=timedelta(hours=1))
    assert len(server.asked) == 8


def test_what_was_fetched_by_a_clock_that_was_ahead_is_asked_for_again(server, tmp_path):
    server.answer = good
    fetch(server, tmp_path, now=NOW + timedelta(days=400))
    fetch(server, tmp_path)
    assert len(server.asked) == 8
