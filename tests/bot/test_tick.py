"""One bar in, one decision out, whatever is wrong with the bar."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from kaidan.bot.journal import Journal, JournalError
from kaidan.bot.tick import Decided, Tick
from kaidan.errors import DataError
from kaidan.features.arrival import Arrival
from kaidan.serving.live_ladder import LiveLadder
from kaidan.signal import Signal
from tests.bot.kit import (
    WARMUP,
    bars_from,
    constant_ladder,
    journal_in,
    known_macro,
    tick_at,
    told,
    without_clocks,
)
from tests.serving.constant import p_buy

BARS = bars_from(0, 8)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("constants")


@pytest.fixture
def ladder(home: Path) -> LiveLadder:
    return constant_ladder(home)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with journal_in(tmp_path) as journal:
        yield journal


@pytest.fixture
def tick(ladder: LiveLadder, journal: Journal) -> Tick:
    return tick_at(0, ladder, journal)


def decide(tick: Tick, bar, **how) -> Decided:
    heard = tick.hear(told(bar, **how))
    assert isinstance(heard, Decided)
    return heard


def vetoes(decided: Decided) -> list[str]:
    return [veto.name for veto in decided.dealt.verdict.vetoes]


def test_a_bar_in_is_a_whole_entry_out(tick, journal) -> None:
    decided = decide(tick, BARS[0], spread_share=0.0001)
    entry = decided.entry
    assert (entry.prediction.signal, entry.prediction.level) == (Signal.BUY, 1)
    assert entry.prediction.probabilities.buy == pytest.approx(p_buy(1, 2))
    assert (entry.prediction.attempts, entry.arrival, entry.vetoes) == ((), (), ())
    assert entry.version == 2
    assert len(entry.model_sha256) == len(entry.features_sha256) == 64
    (shadow,) = entry.shadow
    assert (shadow["version"], shadow["signal"]) == (1, "BUY")
    assert set(entry.macro["ages_seconds"]) == {
        *("usd_jpy", "nikkei_225", "us_10y_yield", "fear_greed_index")
    }
    assert all(0 <= age < 5 * 86_400 for age in entry.macro["ages_seconds"].values())
    assert entry.macro["stale"] == []
    assert entry.order == entry.verdict["order"]
    assert entry.order["side"] == "LONG"
    assert (entry.fills, entry.equity_share, entry.position_share) == ((), 1.0, 0.0)
    assert 0 < entry.latency_us < 1e6 * decided.seconds
    assert entry.decided_at.tzinfo is not None


def test_what_is_decided_stands_in_the_journal_with_the_state_after_it(
    tick, ladder, journal
) -> None:
    for bar in BARS[:3]:
        decided = decide(tick, bar)
        assert journal.entry(bar.time).to_dict() == decided.entry.to_dict()
        assert journal.state() == {"desk": tick.desk.state(), "ladder": ladder.state()}
    assert journal.n_bars() == 3


def test_an_order_is_filled_on_the_next_bar(tick) -> None:
    order = decide(tick, BARS[0]).entry.order
    entry = decide(tick, BARS[1]).entry
    (fill,) = entry.fills
    assert (fill["side"], fill["reason"]) == ("LONG", "entry")
    assert fill["time"] == BARS[1].time.isoformat()
    assert entry.side.name == "LONG"
    assert entry.position_share == pytest.approx(order["share"], rel=0.02)


def test_a_level_that_cannot_answer_is_an_attempt_and_waits_before_it_climbs(
    tick, ladder, journal
) -> None:
    tick.set_macro(None)
    out = decide(tick, BARS[0]).entry
    assert (out.prediction.level, out.version, out.shadow) == (2, 2, ())
    assert out.prediction.attempts[0].reason.startswith("stale: usd_jpy, nikkei_225")
    assert out.macro["ages_seconds"] == {}
    assert out.macro["stale"] == ["usd_jpy", "nikkei_225", "us_10y_yield", "fear_greed_index"]
    tick.set_macro(known_macro())
    assert [decide(tick, bar).entry.prediction.level for bar in BARS[1:6]] == [2, 2, 2, 1, 1]


def test_while_warming_up_the_dummy_answers_and_says_how_far_it_is(ladder, journal) -> None:
    tick = tick_at(0, ladder, journal, n_loaded=WARMUP - 2)
    warming, ready = decide(tick, BARS[0]), decide(tick, BARS[1])
    answer = warming.entry.prediction
    assert (answer.signal, answer.level, answer.confidence) == (Signal.HOLD, None, 0.0)
    assert [str(one) for one in answer.attempts] == [
        f"level {level}: warming up: {WARMUP - 1} of {WARMUP} bars" for level in (1, 2, 3)
    ]
    assert vetoes(warming) == ["no_model", "no_volatility", "thin_volume"]
    assert warming.entry.order is None
    assert ready.entry.prediction.level == 1


def test_a_bar_told_twice_decides_once(tick, journal) -> None:
    decide(tick, BARS[0])
    assert tick.hear(told(BARS[0])) is Arrival.DUPLICATE
    assert journal.n_bars() == 1
    assert decide(tick, BARS[1]).entry.arrival == ()


def test_a_revised_bar_decides_nothing_and_is_told_in_the_next_entry(
    tick, ladder, tmp_path
) -> None:
    decide(tick, BARS[0])
    revised = BARS[0]._replace(volume=BARS[0].volume * 1.5)
    assert tick.hear(told(revised)) is Arrival.REVISED
    entry = decide(tick, BARS[1]).entry
    assert entry.arrival == (f"the bar of {BARS[0].time:%m-%d %H:%M} was revised",)
    assert decide(tick, BARS[2]).entry.arrival == ()
    (tmp_path / "beside").mkdir()
    with journal_in(tmp_path / "beside") as journal:
        unrevised = tick_at(0, ladder, journal)
        decide(unrevised, BARS[0])
        assert decide(unrevised, BARS[1]).entry.features_sha256 != entry.features_sha256


def test_missing_bars_are_counted_and_nothing_is_opened_after_them(tick) -> None:
    decide(tick, BARS[0])
    after = decide(tick, BARS[4])
    missing, bridged = after.entry.arrival
    assert missing == "3 bars are missing before it"
    assert bridged.endswith(" features reach over a gap")
    assert "recent_gap" in vetoes(after)
    assert after.entry.order is None


def test_a_bar_that_was_missing_is_filled_in_and_heals_the_gap(tick, journal) -> None:
    decide(tick, BARS[0])
    decide(tick, BARS[2])
    assert tick.hear(told(BARS[1])) is Arrival.FILLED
    healed = decide(tick, BARS[3])
    assert healed.entry.arrival == (f"the bar of {BARS[1].time:%m-%d %H:%M} was filled in late",)
    assert vetoes(healed) == []
    assert journal.entry(BARS[1].time) is None


def test_a_bar_older_than_all_that_is_remembered_changes_nothing_and_is_told(tick) -> None:
    (old,) = bars_from(-WARMUP, 1)
    decide(tick, BARS[0])
    assert tick.hear(told(old)) is Arrival.TOO_OLD
    (said,) = decide(tick, BARS[1]).entry.arrival
    assert said == f"the bar of {old.time:%m-%d %H:%M} was told too late to matter"


@pytest.mark.parametrize(
    ("delay_seconds", "said"),
    [(130.0, "told 130 s after its close"), (-300.0, "told 300 s before its close")],
)
def test_a_bar_told_at_the_wrong_time_is_answered_but_opens_nothing(
    tick, delay_seconds, said
) -> None:
    decided = decide(tick, BARS[0], delay_seconds=delay_seconds)
    assert decided.entry.arrival == (said,)
    assert decided.entry.prediction.level == 1
    assert vetoes(decided) == ["stale_bar"]
    assert decided.entry.order is None


def test_a_wide_spread_opens_nothing(tick) -> None:
    assert vetoes(decide(tick, BARS[0], spread_share=0.01)) == ["wide_spread"]


def test_an_unsound_bar_changes_nothing(tick, ladder, journal, tmp_path) -> None:
    decide(tick, BARS[0])
    with pytest.raises(DataError):
        tick.hear(told(BARS[1]._replace(low=BARS[1].high + 1)))
    assert journal.n_bars() == 1
    after = [decide(tick, bar).entry for bar in BARS[1:4]]
    (tmp_path / "beside").mkdir()
    with journal_in(tmp_path / "beside") as other:
        undisturbed = tick_at(0, ladder, other)
        expected = [decide(undisturbed, bar).entry for bar in BARS[:4]][1:]
    assert without_clocks(after) == without_clocks(expected)


def test_what_cannot_be_written_is_raised_and_decided_again_after_a_restart(home, tmp_path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    with journal_in(whole) as journal:
        tick = tick_at(0, constant_ladder(home), journal)
        expected = without_clocks(decide(tick, bar).entry for bar in BARS[:4])
    with journal_in(tmp_path) as journal:
        tick = tick_at(0, constant_ladder(home), journal)
        for bar in BARS[:2]:
            decide(tick, bar)
        disk = sqlite3.connect(journal.path)
        # The last thing to be written of a bar: what comes before must go, too.
        disk.execute(
            "CREATE TRIGGER full BEFORE INSERT ON state BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
        with pytest.raises(JournalError, match=r"cannot write the bar of .* \(full\)"):
            tick.hear(told(BARS[2]))
        assert journal.n_bars() == 2
        disk.execute("DROP TRIGGER full")
        disk.close()
    with journal_in(tmp_path) as journal:
        tick = tick_at(2, constant_ladder(home), journal)
        for bar in BARS[2:4]:
            decide(tick, bar)
        assert without_clocks(journal.entries()) == expected
