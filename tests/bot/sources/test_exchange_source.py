from datetime import timedelta

import numpy as np
import pytest

from kaidan.bot.errands.outside import OutsideError
from kaidan.bot.sources import exchange_source
from kaidan.bot.sources.events import Loaded, Told
from kaidan.bot.sources.exchange_source import ExchangeSource
from kaidan.errors import UsageError
from tests.bot.sources.conftest import START
from tests.bot.sources.kit import SLOT, WARMUP, InProcess, settings, texts

NEWEST = START.replace(minute=0)
RETRY = 5.0


class World:
    """The source, the exchange and two clocks, of which the wall clock can be set."""

    def __init__(self, exchange, name="bitbank/BTC_JPY", after=None):
        self.exchange = exchange
        self.wall = exchange.clock
        self.monotonic = 1000.0
        self.source = ExchangeSource(name, settings(retry_seconds=RETRY), after=after)

    def pass_(self, **time):
        step = timedelta(**time)
        self.wall += step
        self.exchange.clock += step
        self.monotonic += step.total_seconds()

    def poll(self):
        """Twice: the first starts an errand, the second hears it."""
        return [event for _ in range(2) for event in self.source.poll(self.wall, self.monotonic)]

    def bars(self):
        return [event.bar.time for event in self.poll() if isinstance(event, Told)]


@pytest.fixture
def world(exchange, in_process):
    return World(exchange)


def broken():
    return 429, "slow down"


def test_the_history_comes_first_and_then_the_newest_closed_bar(world):
    loaded, told = world.poll()
    assert isinstance(loaded, Loaded)
    assert len(loaded.history) == WARMUP + 12 - 1
    assert loaded.history[-1, 0] == (NEWEST - SLOT).timestamp()
    assert told.bar.time == NEWEST
    assert told.bar.close == 6_010_007.0
    assert told.told_at == START
    assert told.spread_share == pytest.approx(10_000 / 6_000_000)


def test_the_forming_candle_is_never_told(world):
    world.poll()
    for _ in range(20):
        world.pass_(seconds=27)
        assert world.bars() == []
    assert world.wall < NEWEST + 2 * SLOT


def test_each_bar_is_told_once_after_its_close(world, in_process):
    world.poll()
    told = []
    for _ in range(4 * 60):
        world.pass_(seconds=15)
        told += world.bars()
    assert told == [NEWEST + n * SLOT for n in range(1, 5)]
    assert len(in_process) == 1 + 4


def test_nobody_is_asked_between_closes(world):
    world.poll()
    world.exchange.asked.clear()
    world.pass_(minutes=9, seconds=59)
    world.poll()
    assert world.exchange.asked == []


def test_a_bar_that_is_not_there_yet_is_asked_for_again_soon(world):
    world.poll()
    late = NEWEST + SLOT
    world.exchange.missing.add(late)
    world.pass_(minutes=10, seconds=1)
    assert world.bars() == []
    world.exchange.missing.clear()
    world.pass_(seconds=RETRY - 1)
    assert world.bars() == []
    world.pass_(seconds=1)
    assert world.bars() == [late]


def test_a_bar_that_does_not_come_is_told_and_so_is_its_coming(world):
    world.poll()
    late = NEWEST + SLOT
    world.exchange.missing.add(late)
    world.pass_(minutes=11, seconds=59)
    assert texts(world.poll()) == []
    world.pass_(seconds=6)
    (trouble,) = world.poll()
    assert trouble.text == (
        "exchange:bitbank/BTC_JPY: answers, but has no bar of 2024-01-10T06:15Z 120 s after its "
        "close"
    )
    world.exchange.missing.clear()
    world.pass_(minutes=2)
    events = world.poll()
    assert texts(events) == ["bar over"]
    assert [event.bar.time for event in events if isinstance(event, Told)] == [late]


def test_a_bar_that_never_comes_does_not_hold_back_the_next(world):
    world.poll()
    world.exchange.missing.add(NEWEST + SLOT)
    world.pass_(minutes=25, seconds=1)
    assert world.bars() == [NEWEST + 2 * SLOT]


def test_an_outage_is_told_once_and_its_bars_come_later_oldest_first(world):
    world.poll()
    world.exchange.fault = broken
    seen = []
    for _ in range(60):
        world.pass_(minutes=1)
        seen += world.poll()
    assert texts(seen) == ["exchange"]
    assert "429" in seen[0].text
    assert [t.kind for t in world.source.troubles] == ["exchange"]
    world.exchange.fault = None
    world.pass_(minutes=1)
    events = world.poll()
    told = [event for event in events if isinstance(event, Told)]
    assert [event.bar.time for event in told] == [NEWEST + n * SLOT for n in range(1, 5)]
    assert {event.told_at for event in told} == {world.wall}
    assert [event.spread_share is None for event in told] == [True, True, True, False]
    assert texts(events) == ["exchange over"]
    assert world.source.troubles == ()


def test_an_outage_is_asked_about_ever_less_often(world, in_process):
    world.poll()
    world.exchange.fault = broken
    world.pass_(minutes=10)
    in_process.clear()
    for _ in range(3600):
        world.pass_(seconds=1)
        world.source.poll(world.wall, world.monotonic)
    assert 55 <= len(in_process) <= 70


def test_a_revised_bar_is_told_again_and_an_unchanged_one_is_not(world):
    world.poll()
    world.exchange.changed[NEWEST - SLOT] = [6e6, 6.1e6, 5.9e6, 6.05e6, 3.0]
    world.pass_(minutes=10, seconds=2)
    told = [event for event in world.poll() if isinstance(event, Told)]
    assert [event.bar.time for event in told] == [NEWEST - SLOT, NEWEST + SLOT]
    assert told[0].bar.close == 6.05e6
    assert told[0].spread_share is None


def test_a_bar_that_is_filled_in_later_is_told(exchange, in_process):
    hole = NEWEST - 3 * SLOT
    exchange.missing.add(hole)
    world = World(exchange)
    loaded = world.poll()[0]
    assert hole.timestamp() not in loaded.history[:, 0]
    assert "1 missing in 1 gap" in loaded.gaps
    exchange.missing.clear()
    world.pass_(minutes=10, seconds=2)
    assert world.bars() == [hole, NEWEST + SLOT]


def test_a_restart_tells_every_bar_after_the_last_decided_one(exchange, in_process):
    last = NEWEST - 40 * SLOT
    world = World(exchange, after=last)
    loaded, *told = world.poll()
    assert loaded.history[-1, 0] == last.timestamp()
    assert len(loaded.history) >= WARMUP
    assert [event.bar.time for event in told] == [last + n * SLOT for n in range(1, 41)]


def test_a_restart_on_the_newest_bar_tells_nothing_yet(exchange, in_process):
    world = World(exchange, after=NEWEST)
    (loaded,) = world.poll()
    assert loaded.history[-1, 0] == NEWEST.timestamp()
    world.pass_(minutes=10, seconds=2)
    assert world.bars() == [NEWEST + SLOT]


def test_a_start_in_an_outage_goes_on_from_what_is_stored(exchange, in_process):
    World(exchange).poll()
    exchange.fault = broken
    exchange.clock += timedelta(hours=2)
    world = World(exchange)
    trouble, loaded = world.poll()
    assert trouble.kind == "exchange"
    assert loaded.history[-1, 0] == NEWEST.timestamp()
    exchange.fault = None
    world.pass_(minutes=2)
    assert world.bars() == [NEWEST + n * SLOT for n in range(1, 9)]


def test_a_start_in_an_outage_with_nothing_stored_waits(exchange, in_process):
    exchange.fault = broken
    world = World(exchange)
    events = world.poll()
    assert texts(events) == ["exchange", "history"]
    assert f"0 bars before the first to decide on, need {WARMUP}" in events[1].text
    exchange.fault = None
    world.pass_(minutes=1)
    events = world.poll()
    assert texts(events) == ["exchange over", "history over"]
    assert sum(isinstance(event, Loaded) for event in events) == 1


def test_what_is_stored_does_not_suffice_when_it_ends_before_the_last_decision(
    exchange, in_process
):
    World(exchange).poll()
    exchange.fault = broken
    exchange.clock += timedelta(hours=2)
    world = World(exchange, after=NEWEST + 4 * SLOT)
    assert texts(world.poll()) == ["exchange", "history"]
    exchange.fault = None
    world.pass_(minutes=2)
    assert world.bars() == [NEWEST + n * SLOT for n in range(5, 9)]


def web_page():
    return 200, "<html>maintenance</html>"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (broken, "429"),
        (web_page, "not JSON but '<html>"),
        (lambda: (503, "{}"), "in 3 attempts"),
        (lambda: (200, "[[["), ""),
        (lambda: (200, '{"success": 1, "data": [1, 2]}'), ""),
        (lambda: (200, '{"success": 1, "data": {"candlestick": "no"}}'), ""),
    ],
)
def test_whatever_the_exchange_answers_the_bar_comes_when_it_is_well_again(world, fault, said):
    world.poll()
    world.exchange.fault = fault
    world.pass_(minutes=13)
    events = world.poll()
    assert texts(events) in (["exchange"], ["bar"])
    assert said in events[0].text
    assert "\n" not in events[0].text
    world.exchange.fault = None
    world.pass_(minutes=1)
    assert world.bars() == [NEWEST + SLOT]


@pytest.mark.parametrize(
    "impossible",
    [
        [6e6, 5.9e6, 6.1e6, 6e6, 1.0],  # high below low
        [0.0, 0.0, 0.0, 0.0, 0.0],
        [6e6, 6.1e6, 5.9e6, 6.2e6, 1.0],  # close above high
        [6e6, 6.1e6, 5.9e6, 6e6, -1.0],
    ],
)
def test_an_impossible_candle_is_left_out_alone_and_told(world, impossible):
    world.poll()
    world.exchange.changed[NEWEST + SLOT] = impossible
    world.pass_(minutes=25, seconds=2)
    events = world.poll()
    (trouble,) = (event for event in events if not isinstance(event, Told))
    assert trouble.kind == "candles"
    assert "1 impossible candles left out (2024-01-10T06:15:00+00:00: open" in trouble.text
    assert [e.bar.time for e in events if isinstance(e, Told)] == [NEWEST + 2 * SLOT]


def test_prices_on_another_scale_are_told_and_left_to_risk(world):
    world.poll()
    world.exchange.changed[NEWEST + SLOT] = [6e7, 6e7, 6e7, 6e7, 1.0]
    world.pass_(minutes=10, seconds=2)
    trouble, told = world.poll()
    assert trouble.kind == "scale"
    assert "another symbol's prices?" in trouble.text
    assert told.bar.close == 6e7
    world.pass_(minutes=15)
    assert texts(world.poll()) == ["scale over"]


@pytest.mark.parametrize("hours", [-3, 3, -24 * 400, 24 * 400])
def test_a_clock_that_is_set_wrong_costs_no_bar_and_no_storm_of_requests(world, in_process, hours):
    world.poll()
    world.wall += timedelta(hours=hours)
    events = world.poll()
    assert texts(events)[0] == "clock"
    assert "the exchange is asked what time it is" in events[0].text
    told = [event for event in events if isinstance(event, Told)]
    in_process.clear()
    for _ in range(240):
        world.pass_(seconds=15)
        told += [event for event in world.poll() if isinstance(event, Told)]
    assert [event.bar.time for event in told] == [NEWEST + n * SLOT for n in range(1, 5)]
    delays = [(event.told_at - event.bar.time - SLOT).total_seconds() for event in told]
    assert max(delays) < 40
    assert len(in_process) <= 6
    ahead = "ahead of" if hours > 0 else "behind"
    assert f"s {ahead} the exchange's, which is gone by" in world.source.troubles[0].text
    world.wall -= timedelta(hours=hours)
    assert texts(world.poll()) == ["clock over"]


def test_a_clock_that_was_wrong_and_is_set_right_is_followed(exchange, in_process):
    world = World(exchange)
    world.wall -= timedelta(hours=5)
    events = world.poll()
    assert [e.bar.time for e in events if isinstance(e, Told)] == [NEWEST]
    assert texts(events) == ["clock"]
    world.pass_(seconds=RETRY)
    world.wall += timedelta(hours=5)
    assert texts(world.poll()) == ["clock over"]


def test_a_start_with_a_clock_far_ahead_loads_once_the_exchange_has_said_so(exchange, in_process):
    world = World(exchange)
    world.wall += timedelta(days=400)
    assert texts(world.poll()) == ["history", "clock"]
    world.pass_(seconds=RETRY)
    events = world.poll()
    assert texts(events) == ["history over"]
    assert [event.bar.time for event in events if isinstance(event, Told)] == [NEWEST]


def test_a_machine_that_can_start_no_process_is_a_trouble_that_ends(world, monkeypatch):
    def full(*_args, **_options):
        raise OutsideError("bars: cannot be asked, no process can be started")

    monkeypatch.setattr(exchange_source, "Errand", full)
    assert texts(world.poll()) == ["exchange"]
    monkeypatch.setattr(exchange_source, "Errand", InProcess)
    world.pass_(seconds=RETRY)
    assert texts(world.poll()) == ["exchange over"]


def test_after_a_sleep_of_the_machine_the_bars_of_the_night_are_told(world):
    world.poll()
    world.wall += timedelta(hours=8)  # the monotonic clock sleeps, too
    world.exchange.clock += timedelta(hours=8)
    told = world.bars()
    for _ in range(3):
        world.pass_(seconds=10)
        told += world.bars()
    assert told == [NEWEST + n * SLOT for n in range(1, 33)]
    assert world.source.troubles == ()


def test_without_a_date_in_its_answers_the_wall_clock_is_believed(exchange, in_process):
    exchange.tells_time = False
    world = World(exchange)
    world.poll()
    world.wall += timedelta(hours=8)
    exchange.clock += timedelta(hours=8)
    told = world.bars()
    for _ in range(3):
        world.pass_(seconds=10)
        told += world.bars()
    assert told == [NEWEST + n * SLOT for n in range(1, 33)]


def test_an_exchange_that_nobody_knows_is_wrong_use(exchange, in_process):
    for name, said in (("bitbonk/BTC_JPY", "unknown exchange"), ("bitbank/DOGE_JPY", "DOGE/JPY")):
        with pytest.raises(UsageError, match=said):
            World(exchange, name).poll()


def test_a_symbol_that_is_gone_later_is_a_trouble(world, monkeypatch):
    world.poll()
    monkeypatch.setattr("tests.bot.sources.kit.PAIR", {"name": "x_y"})
    world.pass_(minutes=10, seconds=1)
    events = world.poll()
    assert texts(events) == ["exchange"]


def test_told_values_are_those_of_the_history_file(world):
    loaded, told = world.poll()
    assert loaded.history.dtype == np.float64
    assert np.all(np.diff(loaded.history[:, 0]) == SLOT.total_seconds())
    assert [type(value) for value in told.bar[1:]] == [float] * 5
