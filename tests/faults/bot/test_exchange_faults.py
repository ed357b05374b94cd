"""An exchange at its worst, and what the whole bot's journal says of it."""

import json
from datetime import timedelta

import pytest

from tests.bot.sources.kit import SLOT
from tests.faults.bot.stage import health

HTML = "<html><body>Under maintenance</body></html>"
HOUR = timedelta(hours=1)


def is_every_bar_once(stage) -> bool:
    times = [entry.bar.time for entry in stage.decided]
    return times == [times[0] + n * SLOT for n in range(len(times))]


def told_late(stage) -> list[int]:
    """Which decisions were made long after their bar."""
    return [
        n
        for n, entry in enumerate(stage.decided)
        if any("after its close" in note for note in entry.arrival)
    ]


def test_hours_without_a_fault_are_decided_bar_by_bar_in_time(stage) -> None:
    def script():
        yield stage.bars(20)

    stage.play(script())
    assert is_every_bar_once(stage)
    assert {entry.arrival for entry in stage.decided} == {()}
    assert stage.levels == [2] * 20
    assert stage.notes("trouble", "trouble over", "level", "swap") == []


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        ((200, HTML), "exchange", "the answer is not JSON but '<html>"),
        ((429, '{"success": 0}'), "exchange", "no candles in 3 attempts (ExchangeError"),
        ((503, HTML), "exchange", "no candles in 3 attempts (ExchangeNotAvailable"),
        ((200, '{"success": 1, "data": {}}'), "bar", "answers, but has no bar of "),
    ],
)
def test_an_exchange_that_is_out_is_noted_and_its_bars_are_decided_late_when_it_is_back(
    stage, answer, kind, said, free_port
) -> None:
    reports = {}

    def script():
        yield stage.bars(3)
        reports["before"] = health(free_port)
        stage.market.fault = lambda: answer
        yield stage.passed(HOUR)
        reports["during"] = health(free_port)
        stage.market.fault = None
        yield stage.bars(6)
        reports["after"] = health(free_port)

    stage.play(script(), serves=True)
    assert is_every_bar_once(stage)
    assert told_late(stage) == [3, 4, 5]
    for late in stage.decided[3:6]:
        assert any(veto["name"] == "stale_bar" for veto in late.vetoes)
        assert late.order is None
    began, over = stage.notes("trouble", "trouble over")
    assert began.startswith(f"{kind}: exchange:bitbank/BTC_JPY: ")
    assert said in began
    assert over.startswith(f"{kind} is well again after ")
    status, report = reports["during"]
    assert (status, report["live"], report["ready"]) == (503, True, False)
    assert report["not_ready"] == [f"the newest bar closed {report['data_age_seconds']:.0f} s ago"]
    assert said in report["troubles"][kind]
    for when in ("before", "after"):
        status, report = reports[when]
        assert (status, report["ready"], report["troubles"]) == (200, True, {})


def test_a_gap_is_told_in_the_next_decision_and_bars_that_come_late_decide_nothing(stage) -> None:
    market = stage.market
    gap = []

    def script():
        yield stage.bars(2)
        gap.extend(stage.last.bar.time + n * SLOT for n in (1, 2, 3))
        market.missing.update(gap)
        yield stage.bars(2)
        market.missing.clear()
        yield stage.bars(2)

    stage.play(script())
    times = [entry.bar.time for entry in stage.decided]
    assert not set(gap) & set(times)
    assert times == sorted(set(times))
    over_the_gap, next_one, *later = (entry.arrival for entry in stage.decided[2:])
    assert over_the_gap[0] == "3 bars are missing before it"
    assert over_the_gap[1].endswith("features reach over a gap")
    assert next_one[0].endswith("features reach over a gap")
    assert later[0] == tuple(f"the bar of {slot:%m-%d %H:%M} was filled in late" for slot in gap)
    assert later[1] == ()
    began, over = stage.notes("trouble", "trouble over")
    assert began.startswith(
        f"bar: exchange:bitbank/BTC_JPY: answers, but has no bar of {gap[0]:%Y-%m-%dT%H:%MZ} 120 s"
    )
    assert over.startswith("bar is well again")


def test_doubled_candles_and_revised_ones_decide_nothing_twice(stage) -> None:
    market = stage.market
    revised = []

    def doubled() -> tuple[int, str]:
        market.fault = None
        status, body = market(market.asked.pop())
        market.fault = doubled
        page = json.loads(body)
        candles = page["data"]["candlestick"][0]
        candles["ohlcv"] = [row for row in candles["ohlcv"] for _ in range(2)]
        return status, json.dumps(page)

    def script():
        market.fault = doubled
        yield stage.bars(4)
        revised.append(stage.last.bar)
        values = market.changed[stage.last.bar.time]
        market.changed[stage.last.bar.time] = [*values[:4], 2 * values[4]]
        yield stage.bars(3)

    stage.play(script())
    assert is_every_bar_once(stage)
    assert [entry.arrival for entry in stage.decided] == [
        *[()] * 4,
        (f"the bar of {revised[0].time:%m-%d %H:%M} was revised",),
        *[()] * 2,
    ]
    assert stage.decided[3].bar == revised[0]
    assert stage.notes("trouble") == []


@pytest.mark.parametrize("hours", [3, -3])
def test_a_clock_that_jumps_is_noted_and_no_bar_is_missed_doubled_or_invented(
    stage, hours: int
) -> None:
    def script():
        yield stage.bars(3)
        stage.ahead = hours * HOUR
        yield stage.bars(4)
        stage.ahead = timedelta(0)
        yield stage.bars(3)

    stage.play(script())
    assert is_every_bar_once(stage)
    assert told_late(stage) == []
    assert stage.last.bar.time + SLOT <= stage.market.clock < stage.last.bar.time + 2 * SLOT
    where = "forward" if hours > 0 else "back"
    began = stage.notes("trouble")[0]
    assert began.startswith(f"clock: this machine's clock went {where} 10800 s at once")
    assert stage.notes("trouble over")[-1].startswith("clock is well again")


@pytest.mark.parametrize("hours", [3, -3])
def test_without_a_word_of_the_exchange_on_the_time_no_bar_is_decided_twice(
    stage, hours: int
) -> None:
    stage.market.tells_time = False

    def script():
        yield stage.bars(3)
        stage.ahead = hours * HOUR
        yield stage.passed(2 * HOUR)
        stage.ahead = timedelta(0)
        yield stage.bars(3)

    stage.play(script())
    assert is_every_bar_once(stage)
    assert stage.notes("trouble")[0].startswith("clock: this machine's clock went ")
