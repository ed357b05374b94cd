"""The sources with real errands: processes, pipes, deadlines."""

import subprocess
import sys
import time
from datetime import timedelta

import numpy as np
import pytest

from kaidan.bot.sources.events import Loaded, Told
from kaidan.bot.sources.exchange_source import ExchangeSource
from kaidan.bot.sources.replay_source import ReplaySource
from kaidan.errors import KaidanError
from kaidan.market.sample import sample_bars
from tests.bot.sources.conftest import START
from tests.bot.sources.kit import SLOT, WARMUP, settings, texts

NEWEST = START.replace(minute=0)
NOTHING_HEAVY = """
import sys
import kaidan.bot.sources.{module}
print(*sorted({{"pandas", "ccxt", "pandera", "talib", "scipy", "mlflow"}} & set(sys.modules)))
"""


def poll_until(source, seen, seconds=30.0):
    """Poll on the real monotonic clock until `seen`; everything told, and the longest poll."""
    told, longest, end = [], 0.0, time.monotonic() + seconds
    while time.monotonic() < end:
        before = time.monotonic()
        told += source.poll(START, before)
        longest = max(longest, time.monotonic() - before)
        if seen(told):
            return told, longest
        time.sleep(0.02)
    raise AssertionError(told)


def is_loaded(told):
    return any(isinstance(event, Loaded) for event in told)


@pytest.mark.parametrize("module", ["exchange_source", "replay_source", "macro_source"])
def test_a_source_imports_nothing_heavy(module):
    command = [sys.executable, "-c", NOTHING_HEAVY.format(module=module)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "\n"


def test_an_exchange_is_asked_in_a_process_while_the_bot_goes_on(exchange, monkeypatch):
    monkeypatch.setattr("kaidan.bot.sources.exchange_source._SLACK_BARS", 12)
    source = ExchangeSource("bitbank/BTC_JPY", settings())
    told, longest = poll_until(source, is_loaded)
    assert [type(event) for event in told] == [Loaded, Told]
    assert told[1].bar.time == NEWEST
    assert told[1].spread_share == pytest.approx(10_000 / 6_000_000)
    assert longest < 0.25


def test_an_exchange_that_hangs_is_killed_and_what_is_stored_answers(exchange, monkeypatch):
    monkeypatch.setattr("kaidan.bot.sources.exchange_source._SLACK_BARS", 12)
    first = ExchangeSource("bitbank/BTC_JPY", settings())
    poll_until(first, is_loaded)
    exchange.fault = exchange.hang
    source = ExchangeSource("bitbank/BTC_JPY", settings(fetch_timeout_seconds=4, retry_seconds=0.1))
    told, _ = poll_until(source, is_loaded)
    assert texts(told) == ["exchange"]
    assert "no answer within 4 s; killed" in told[0].text
    assert told[1].history[-1, 0] == NEWEST.timestamp()
    source.close()


def test_a_source_stops_within_a_second_whatever_is_under_way(exchange):
    exchange.fault = exchange.hang
    source = ExchangeSource("bitbank/BTC_JPY", settings())
    poll_until(source, lambda _told: exchange.n_candle_requests > 0)
    before = time.monotonic()
    source.close()
    assert time.monotonic() - before < 1
    source.close()


def test_a_file_is_read_in_a_process_and_told_bar_by_bar(tmp_path):
    bars = sample_bars(2)
    bars.to_parquet(tmp_path / "bars.parquet")
    source = ReplaySource(str(tmp_path / "bars.parquet"), settings())
    (loaded,), _ = poll_until(source, is_loaded)
    told = []
    while not source.finished:
        told += source.poll(START, 0.0)
    assert len(loaded.history) == WARMUP
    assert loaded.gaps.startswith("192 bars, 0 missing")
    assert [event.bar.time for event in told] == list(bars.index[WARMUP:])
    assert all(event.told_at == event.bar.time + SLOT for event in told)
    values = np.array([event.bar[1:] for event in told])
    assert np.array_equal(values, bars.to_numpy()[WARMUP:])


def test_a_file_that_is_none_is_one_line(tmp_path):
    source = ReplaySource(str(tmp_path / "absent.csv"), settings())
    with pytest.raises(KaidanError, match="no such file; want sample, a CSV or Parquet") as caught:
        poll_until(source, is_loaded)
    assert "\n" not in str(caught.value)


def test_a_day_later_the_bars_between_are_told_at_once(exchange, monkeypatch):
    monkeypatch.setattr("kaidan.bot.sources.exchange_source._SLACK_BARS", 12)
    source = ExchangeSource("bitbank/BTC_JPY", settings(), after=NEWEST - timedelta(days=1))
    told, _ = poll_until(source, is_loaded)
    assert [event.bar.time for event in told if isinstance(event, Told)][::95] == [
        NEWEST - timedelta(days=1) + SLOT,
        NEWEST,
    ]
