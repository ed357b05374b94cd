import json
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler

import ccxt
import pandas as pd
import pytest

from kaidan.errors import DataError, UsageError
from kaidan.market.bars import check_bars
from kaidan.market.exchange import fetch_bars, fetch_latest, stored_bars
from kaidan.market.gaps import find_gaps
from kaidan.market.history import load_history

NOW = datetime(2024, 1, 4, 6, 20, tzinfo=UTC)  # the bar of 06:15 is forming
PAIR = {"name": "btc_jpy", "base_asset": "btc", "quote_asset": "jpy", "is_enabled": True}
PAIRS = json.dumps({"success": 1, "data": {"pairs": [PAIR]}})
ALL_SLOTS = pd.date_range("2024-01-01T00:00Z", NOW, freq="15min")


def candles(day, slots=ALL_SLOTS):
    """Bitbank's answer for a UTC day, YYYYMMDD: those of `slots` that lie in it."""
    rows = []
    for slot in slots[slots.strftime("%Y%m%d") == day]:
        price = 6_000_000 + slot.day * 1000 + slot.hour
        prices = [str(price + step) for step in (0, 2, -1, 1)]  # open, high, low, close
        rows.append([*prices, "0.5", int(slot.timestamp() * 1000)])
    return json.dumps({"success": 1, "data": {"candlestick": [{"type": "15min", "ohlcv": rows}]}})


class Bitbank:
    """Answers like bitbank's public interface; `faults` come first, one per candle request."""

    def __init__(self, slots=ALL_SLOTS, faults=()):
        self.slots = slots
        self.faults = list(faults)

    def __call__(self, path):
        if path == "/spot/pairs":
            return 200, PAIRS
        assert path.startswith("/btc_jpy/candlestick/15min/"), path
        if self.faults:
            return self.faults.pop(0)
        return 200, candles(path.rsplit("/", 1)[1], self.slots)


@pytest.fixture
def client(server, monkeypatch):
    """Ccxt's own bitbank, sent to the local server, without its pauses."""
    date = format_datetime(NOW, usegmt=True)
    monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda _handler: date)
    exchange = ccxt.bitbank({"timeout": 5_000, "enableRateLimit": False})
    exchange.urls["api"] = dict.fromkeys(exchange.urls["api"], server.url)
    yield exchange
    exchange.session.close()


@pytest.fixture
def fetch(client, tmp_path):
    def fetch(days=3, now=NOW, name="bitbank/BTC_JPY", **options):
        return fetch_bars(
            name, home=tmp_path, days=days, now=now, client=client, pause_seconds=0.01, **options
        )

    return fetch


def days_asked(server):
    return [path.rsplit("/", 1)[1] for path in server.asked if "candlestick" in path]


def test_closed_bars_of_the_last_days_come_out_checked(server, fetch):
    server.answer = Bitbank()
    bars = fetch()
    pd.testing.assert_frame_equal(check_bars(bars), bars)
    assert bars.index[0] == pd.Timestamp("2024-01-01T06:15Z")
    assert len(bars) == 3 * 96
    assert bars.iloc[0].tolist() == [6_001_006.0, 6_001_008.0, 6_001_005.0, 6_001_007.0, 0.5]


def test_the_forming_candle_is_dropped(server, fetch):
    server.answer = Bitbank()
    assert fetch().index[-1] == pd.Timestamp("2024-01-04T06:00Z")


def test_one_request_a_day_and_none_that_is_not_needed(server, fetch):
    server.answer = Bitbank()
    fetch()
    assert days_asked(server) == ["20240101", "20240102", "20240103", "20240104"]


def test_a_symbol_may_be_spelt_with_a_slash(server, fetch):
    server.answer = Bitbank()
    assert len(fetch(days=1, name="bitbank/btc/jpy")) == 96


def test_only_what_is_new_is_fetched_later(server, fetch):
    slots = pd.date_range("2024-01-01", periods=96 * 5, freq="15min", tz="UTC")
    server.answer = Bitbank(slots)
    before = fetch()
    server.asked.clear()
    after = fetch(now=datetime(2024, 1, 4, 6, 45, tzinfo=UTC))
    assert days_asked(server) == ["20240104"]
    assert after.index[-1] == pd.Timestamp("2024-01-04T06:30Z")
    pd.testing.assert_frame_equal(after.iloc[:-2], before.iloc[2:])


def test_an_earlier_start_fetches_what_lies_before(server, fetch):
    server.answer = Bitbank()
    fetch(days=1)
    server.asked.clear()
    assert len(fetch(days=3)) == 3 * 96
    assert days_asked(server) == ["20240101", "20240102", "20240103"]


def test_an_interrupted_fetch_goes_on_where_it_stopped(server, fetch, tmp_path):
    def interrupt(share):
        if share > 0.4:
            raise KeyboardInterrupt

    server.answer = Bitbank()
    with pytest.raises(KeyboardInterrupt):
        fetch(on_page=interrupt)
    kept = load_history(tmp_path / "bars" / "bitbank" / "BTC_JPY.parquet")
    assert kept.index[-1] == pd.Timestamp("2024-01-02T23:45Z")
    server.asked.clear()
    assert len(fetch()) == 3 * 96
    assert days_asked(server) == ["20240103", "20240104"]


def test_progress_ends_at_one(server, fetch):
    server.answer = Bitbank()
    shares = []
    fetch(on_page=shares.append)
    assert shares == sorted(shares)
    assert len(shares) == 4
    assert shares[-1] == 1.0


def test_gaps_stay_gaps(server, fetch):
    night = (ALL_SLOTS >= "2024-01-02T22:00Z") & (ALL_SLOTS < "2024-01-03T02:00Z")
    server.answer = Bitbank(ALL_SLOTS[~night])
    report = find_gaps(fetch())
    assert (report.n_gaps, report.n_missing) == (1, 16)


def test_a_gap_that_the_exchange_fills_later_is_filled(server, fetch):
    noon = ALL_SLOTS == "2024-01-02T12:00Z"
    server.answer = Bitbank(ALL_SLOTS[~noon])
    assert find_gaps(fetch()).n_missing == 1
    server.answer = Bitbank()
    assert find_gaps(fetch()).n_missing == 0


def test_repeated_candles_count_once(server, fetch):
    server.answer = Bitbank(ALL_SLOTS.repeat(2))
    assert len(fetch()) == 3 * 96


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_fault_is_got_over(server, fetch, status):
    server.answer = Bitbank(faults=[(status, "{}"), (status, "{}")])
    assert len(fetch()) == 3 * 96


def test_a_lasting_fault_is_told_after_three_attempts(server, fetch):
    server.answer = Bitbank(faults=[(429, "slow down")] * 10)
    with pytest.raises(DataError, match=r"no candles in 3 attempts .*try later"):
        fetch()
    assert len(days_asked(server)) == 3


def test_a_web_page_in_place_of_candles_is_told(server, fetch):
    server.answer = Bitbank(faults=[(200, "<html>maintenance</html>")])
    with pytest.raises(DataError, match="the answer is not JSON but '<html>"):
        fetch()


def test_a_web_page_in_place_of_markets_is_told(server, fetch):
    server.answer = lambda _path: (200, "<html>maintenance</html>")
    with pytest.raises(DataError, match="the answer is not JSON but '<html>"):
        fetch()


def test_an_error_of_the_exchange_is_told(server, fetch):
    server.answer = Bitbank(faults=[(404, '{"success": 0, "data": {"code": 10000}}')] * 3)
    with pytest.raises(DataError, match=r"no candles in 3 attempts \(ExchangeError: .*10000"):
        fetch()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('"6001007"', '"-1"'),
        ('"6001007"', '"0"'),
        ('"6001007"', '"soon"'),
        ('"6001007"', "null"),
        ('"6001009"', '"1"'),  # the high
        ('"0.5"', '"-0.5"'),
        ("1704093300000", "1704093300001"),  # off the grid
    ],
)
def test_an_impossible_candle_is_left_out_alone_and_told(
    server, fetch, tmp_path, caplog, right, wrong
):
    page = candles("20240101")
    hour = page.index("1704093300000")  # 07:15
    start = page.rindex("[", 0, hour)
    broken = page[:start] + page[start:].replace(right, wrong, 1)
    server.answer = Bitbank(faults=[(200, broken)])
    bars = fetch()
    assert "1 impossible candles left out" in caplog.text
    assert len(bars) == 3 * 96 - 1
    stored = load_history(tmp_path / "bars" / "bitbank" / "BTC_JPY.parquet")
    assert pd.Timestamp("2024-01-01T07:15Z") not in stored.index


def test_an_impossible_candle_is_asked_for_again_and_comes_when_it_is_mended(server, fetch):
    server.answer = Bitbank(faults=[(200, candles("20240101").replace('"6001007"', '"-1"'))])
    assert len(fetch()) == 3 * 96 - 11  # a close, an open or a low
    server.answer = Bitbank()
    assert len(fetch()) == 3 * 96


def test_candles_of_another_length_are_refused_and_not_kept(server, fetch, tmp_path):
    server.answer = Bitbank(ALL_SLOTS[::4])
    with pytest.raises(DataError, match="the candles are 60 minutes apart; want 15"):
        fetch()
    assert not (tmp_path / "bars").exists()


def test_the_first_candles_after_an_outage_are_fetched(server, fetch, client, tmp_path):
    outage = (ALL_SLOTS > "2024-01-04T05:15Z") & (ALL_SLOTS < "2024-01-04T05:45Z")
    server.answer = Bitbank(ALL_SLOTS[:-2])
    fetch()
    # Of what is asked for again there are one candle before the outage and two after it.
    few = ALL_SLOTS[(ALL_SLOTS >= "2024-01-04T05:15Z") & ~outage]
    server.answer = Bitbank(few)
    answer = latest(client, tmp_path)
    assert answer.failure is None
    assert answer.bars.index[-1] == pd.Timestamp("2024-01-04T06:00Z")


def test_candles_out_of_order_are_sorted(server, fetch):
    server.answer = Bitbank(ALL_SLOTS[::-1])
    assert len(fetch()) == 3 * 96


def test_an_unknown_symbol_is_refused_with_some_that_exist(server, fetch):
    server.answer = Bitbank()
    with pytest.raises(UsageError, match=r"unknown symbol DOGE/JPY; want one of BTC/JPY"):
        fetch(name="bitbank/DOGE_JPY")


def test_an_exchange_without_15_minute_candles_is_refused(server, fetch, client):
    server.answer = Bitbank()
    client.timeframes = {"1h": "1hour"}
    with pytest.raises(UsageError, match="has no 15-minute candles"):
        fetch()


def test_the_exchange_is_found_by_its_name(server, client, tmp_path, monkeypatch):
    server.answer = Bitbank()
    monkeypatch.setattr(ccxt, "bitbank", lambda _options: client)
    assert len(fetch_bars("bitbank/BTC_JPY", home=tmp_path, days=1, now=NOW)) == 96


def test_an_old_history_is_no_answer_for_recent_days(server, fetch):
    server.answer = Bitbank()
    fetch(days=1)
    with pytest.raises(DataError, match="no closed bars in 1 days"):
        fetch(days=1, now=datetime(2024, 1, 9, tzinfo=UTC))


def test_no_candles_at_all_is_told(server, fetch):
    server.answer = Bitbank(ALL_SLOTS[:0])
    with pytest.raises(DataError, match="no closed bars in 3 days"):
        fetch()


def test_no_network_is_told(client, tmp_path):
    client.urls["api"] = dict.fromkeys(client.urls["api"], "http://127.0.0.1:1")
    with pytest.raises(DataError, match="no candles in 3 attempts") as caught:
        fetch_bars(
            "bitbank/BTC_JPY", home=tmp_path, days=1, now=NOW, client=client, pause_seconds=0.01
        )
    assert "\n" not in str(caught.value)


def test_an_unknown_exchange_is_refused(tmp_path):
    with pytest.raises(UsageError, match="unknown exchange; want a ccxt name"):
        fetch_bars("bitbonk/BTC_JPY", home=tmp_path, days=1, now=NOW)


@pytest.mark.parametrize(
    "name", ["bitbank", "bitbank/", "bitbank/BTC", "/BTC_JPY", "bitbank/A_B_C"]
)
def test_a_name_of_another_shape_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match="want exchange:NAME/BASE_QUOTE"):
        fetch_bars(name, home=tmp_path, days=1, now=NOW)


def latest(client, folder, **options):
    return fetch_latest(
        "bitbank/BTC_JPY",
        home=folder,
        since=datetime(2024, 1, 3, tzinfo=UTC),
        again=4,
        now=NOW,
        client=client,
        pause_seconds=0.01,
        **options,
    )


def test_the_latest_bars_are_all_that_is_stored_when_the_exchange_fails(
    server, fetch, client, tmp_path
):
    server.answer = Bitbank()
    stored = fetch()
    server.answer = Bitbank(faults=[(429, "slow down")] * 3)
    answer = latest(client, tmp_path)
    assert "no candles in 3 attempts" in answer.failure
    assert answer.spread_share is None
    pd.testing.assert_frame_equal(answer.bars, stored.loc["2024-01-03":])


def test_the_latest_bars_of_an_exchange_that_is_down_say_so(client, tmp_path):
    client.urls["api"] = dict.fromkeys(client.urls["api"], "http://127.0.0.1:1")
    answer = latest(client, tmp_path)
    assert answer.bars.shape == (0, 5)
    assert answer.clock is None
    assert "no candles in 3 attempts" in answer.failure


def test_the_newest_candles_are_asked_for_though_they_are_stored(server, fetch, client, tmp_path):
    server.answer = Bitbank()
    fetch()
    server.answer = lambda path: (
        (200, PAIRS)
        if path == "/spot/pairs"
        else (200, candles(path.rsplit("/", 1)[1]).replace('"0.5"', '"0.75"'))
    )
    assert latest(client, tmp_path).bars["volume"].iloc[-5:].tolist() == [0.5] + [0.75] * 4
    assert fetch()["volume"].iloc[0] == 0.5


def test_a_market_without_a_spread_still_has_bars(server, client, tmp_path):
    server.answer = Bitbank()

    def refuse(path):
        assert path == "/btc_jpy/ticker"
        return 500, "{}"

    server.answer = lambda path: refuse(path) if "ticker" in path else Bitbank()(path)
    answer = latest(client, tmp_path)
    assert answer.failure is None
    assert answer.spread_share is None
    assert len(answer.bars) > 96


@pytest.mark.parametrize(
    ("bid", "ask", "share"),
    [("99", "101", 0.02), ("101", "99", None), ("0", "101", None), (None, "101", None)],
)
def test_a_spread_is_told_when_it_can_be_true(server, client, tmp_path, bid, ask, share):
    ticker = json.dumps({"success": 1, "data": {"buy": bid, "sell": ask, "last": "100"}})
    server.answer = lambda path: (200, ticker) if "ticker" in path else Bitbank()(path)
    assert latest(client, tmp_path).spread_share == (share and pytest.approx(share))


def test_the_exchange_says_what_time_it_is(server, client, tmp_path):
    server.answer = Bitbank()
    clock = latest(client, tmp_path).clock
    assert 0 <= (clock - NOW).total_seconds() < 5


def test_stored_bars_are_given_without_asking_anybody(server, fetch, tmp_path):
    server.answer = Bitbank()
    fetched = fetch()
    server.asked.clear()
    stored = stored_bars("bitbank/BTC_JPY", home=tmp_path, since=fetched.index[5])
    pd.testing.assert_frame_equal(stored, fetched.iloc[5:])
    assert server.asked == []
    assert stored_bars("bitbank/ETH_JPY", home=tmp_path, since=fetched.index[0]).empty
