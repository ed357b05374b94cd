"""Pauses begin and end by the time of the bars, and survive a restart."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaidan.bot.risk import IntegratedRiskManager, Verdict
from kaidan.errors import DataError
from kaidan.trading.policy import Side
from tests.bot.risk.kit import BUY, START, account, bar, context, names, settings, trade

SHORT_PAUSES = settings(
    max_drawdown_share=0.1,
    drawdown_pause_bars=4,
    max_losses_in_row=2,
    loss_pause_bars=3,
    max_entries_per_day=3,
)


def manager() -> IntegratedRiskManager:
    return IntegratedRiskManager(SHORT_PAUSES)


def at(risk: IntegratedRiskManager, n: int, equity_share: float = 1.0) -> Verdict:
    return risk.decide(context(BUY, bar=bar(n), account=account(equity_share=equity_share)))


def test_a_drawdown_from_the_peak_stops_entries_for_its_bars() -> None:
    risk = manager()
    assert at(risk, 0, 1.5).vetoes == ()
    assert at(risk, 1, 1.351).vetoes == ()
    paused = at(risk, 2, 1.35)
    assert names(paused) == {"drawdown_pause"}
    assert paused.vetoes[0].text == (
        "equity 1.350 after a peak of 1.500, 10% below it is a pause: nothing is opened before "
        "2024-01-01 01:30"
    )
    assert [names(at(risk, n, 1.35)) for n in range(3, 6)] == [{"drawdown_pause"}] * 3
    assert at(risk, 6, 1.35).vetoes == ()


def test_after_the_pause_the_peak_starts_anew() -> None:
    risk = manager()
    at(risk, 0, 1.0)
    at(risk, 1, 0.9)
    assert at(risk, 5, 0.85).vetoes == ()
    assert at(risk, 6, 0.77).vetoes == ()
    assert names(at(risk, 7, 0.765)) == {"drawdown_pause"}


def test_a_pause_goes_on_though_the_equity_recovers() -> None:
    risk = manager()
    at(risk, 0, 1.0)
    at(risk, 1, 0.9)
    assert names(at(risk, 2, 1.0)) == {"drawdown_pause"}


def test_bars_that_were_missed_count() -> None:
    risk = manager()
    at(risk, 0, 1.0)
    at(risk, 1, 0.9)
    assert at(risk, 300, 0.9).vetoes == ()


def test_a_pause_closes_nothing_and_stops_no_exit() -> None:
    risk = manager()
    at(risk, 0, 1.0)
    held = account(Side.LONG, equity_share=0.9)
    kept = risk.decide(context(BUY, bar=bar(1), account=held))
    assert (kept.exit, kept.extend_bars) == (None, 16)
    left = risk.decide(context(BUY[::-1], bar=bar(2), account=held))
    assert names(left) == {"drawdown_pause"}
    assert left.exit is not None
    assert left.order is None


def test_losses_in_a_row_stop_entries_from_the_bar_of_the_last_one() -> None:
    risk = manager()
    risk.on_trades([trade(-0.01), trade(-0.01, entered=3, left=5)])
    paused = [names(at(risk, n)) for n in (5, 6, 7, 8)]
    assert paused == [{"loss_pause"}] * 3 + [set()]


def test_a_gain_ends_a_row_of_losses() -> None:
    risk = manager()
    risk.on_trades([trade(-0.01), trade(0.02), trade(-0.01)])
    assert at(risk, 2).vetoes == ()


def test_a_row_of_losses_is_counted_anew_after_its_pause() -> None:
    risk = manager()
    risk.on_trades([trade(-0.01), trade(-0.01)])
    at(risk, 100)
    risk.on_trades([trade(-0.01, entered=101, left=102)])
    assert at(risk, 102).vetoes == ()


def test_entries_are_counted_over_96_bars_once_each() -> None:
    risk = manager()
    risk.on_trades([trade(0.01, entered=1), trade(0.01, entered=2)])
    assert at(risk, 10).vetoes == ()
    held = account(Side.SHORT, entry_time=START + 10 * (bar(1).time - START))
    for n in (11, 12):
        found = risk.decide(context(BUY, bar=bar(n), account=held))
        assert names(found) == {"too_many_entries"}
    assert found.vetoes[0].text == "3 entries within 96 bars, want 3 at most"
    risk.on_trades([trade(0.01, entered=10, left=13)])
    assert names(at(risk, 95)) == {"too_many_entries"}
    # The next open, bar 97, is the 97th since the first of them.
    assert at(risk, 96).vetoes == ()


STEPS = st.lists(
    st.tuples(
        st.integers(1, 30),
        st.floats(0.5, 1.5),
        st.lists(st.sampled_from([-0.01, 0.0, 0.02]), max_size=2),
    ),
    min_size=1,
    max_size=25,
)


@given(STEPS, st.data())
def test_a_restart_at_any_bar_changes_no_later_decision(
    steps: list[tuple[int, float, list[float]]], data: st.DataObject
) -> None:
    stop = data.draw(st.integers(0, len(steps) - 1))
    risk, restarted = manager(), None
    n = 0
    for number, (bars_on, equity_share, gains) in enumerate(steps):
        if number == stop:
            restarted = manager()
            restarted.restore(json.loads(json.dumps(risk.state(), allow_nan=False)))
            assert restarted.state() == risk.state()
        n += bars_on
        trades = [trade(gain, entered=n - 1, left=n) for gain in gains]
        verdicts = []
        for one in (risk, restarted or risk):
            if one is restarted or len(verdicts) == 0:
                one.on_trades(trades)
            verdicts.append(at(one, n, equity_share))
        assert verdicts[0] == verdicts[1]
    assert restarted is not None
    assert restarted.state() == risk.state()


@pytest.mark.parametrize(
    "change",
    [
        {"loss_until": "soon"},
        {"entries": None},
        {"peak_equity_share": "high"},
        {"drawdown_until": 5},
    ],
)
def test_a_state_that_cannot_be_read_is_refused_and_changes_nothing(
    change: dict[str, object],
) -> None:
    risk = manager()
    at(risk, 0, 1.25)
    before = risk.state()
    with pytest.raises(DataError, match="risk: got a state that cannot be read") as refused:
        risk.restore(before | {"peak_equity_share": 9.0} | change)
    assert "\n" not in str(refused.value)
    assert risk.state() == before
    with pytest.raises(DataError, match="peak_equity_share"):
        risk.restore({})
