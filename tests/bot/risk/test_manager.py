"""One decision: a side from the score, an order with its size, or what is held left or kept."""

import subprocess
import sys
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaidan.bot.risk import IntegratedRiskManager, Verdict
from kaidan.trading.order import Order
from kaidan.trading.paper import PaperBroker
from kaidan.trading.policy import Side
from kaidan.trading.position import ExitReason
from tests.bot.risk.kit import (
    BUY,
    DISTRIBUTION,
    DUMMY,
    HOLD,
    OPINIONS,
    SELL,
    SIDES,
    account,
    bar,
    context,
    decide,
    names,
    opinions,
    row,
    settings,
)


def test_an_answer_becomes_an_order_for_its_horizon() -> None:
    verdict = decide(BUY)
    assert verdict.size is not None
    assert verdict.size.share == pytest.approx(0.01 / (0.012 + 0.0028))
    assert verdict.order == Order(
        side=Side.LONG,
        share=verdict.size.share,
        stop_share=verdict.size.stop_share,
        target_share=verdict.size.target_share,
        due_bars=16,
    )
    assert (verdict.exit, verdict.extend_bars) == (None, None)


@pytest.mark.parametrize(
    ("chances", "said", "score"),
    [
        (BUY, (), 0.6),
        (BUY, (0.5,), 0.7 * 0.6 + 0.3 * 0.5),
        (SELL, (0.5,), -0.7 * 0.6 + 0.3 * 0.5),
        (HOLD, (0.5,), 0.3 * 0.5),
        ((0.1, 0.6, 0.3), (), 0.0),
        (BUY, (0.5, -0.5), 0.6),
    ],
)
def test_the_score_is_weighed_among_those_who_have_an_opinion(
    chances: tuple[float, float, float], said: tuple[float, ...], score: float
) -> None:
    assert decide(chances, row=row(**opinions(*said))).score == pytest.approx(score)


def test_without_a_model_the_strategies_have_the_score_but_open_nothing() -> None:
    verdict = decide(prediction=DUMMY, row=row(**opinions(-0.5)))
    assert verdict.score == -0.5
    assert verdict.side is Side.SHORT
    assert verdict.size is None
    assert names(verdict) == {"no_model"}


def test_a_score_near_0_has_no_side() -> None:
    assert decide((0.32, 0.32, 0.36)).side is Side.FLAT
    assert decide((0.31, 0.32, 0.37)).side is Side.LONG
    assert decide(prediction=DUMMY).score == 0.0


@pytest.mark.parametrize(
    ("held", "chances", "exit_reason", "extend_bars", "order"),
    [
        (Side.LONG, BUY, None, 16, None),
        (Side.LONG, HOLD, None, None, None),
        (Side.LONG, SELL, ExitReason.TURN, None, Side.SHORT),
        (Side.SHORT, SELL, None, 16, None),
        (Side.SHORT, BUY, ExitReason.TURN, None, Side.LONG),
        (Side.LONG, (0.36, 0.32, 0.32), None, None, None),
    ],
)
def test_what_is_held_is_kept_prolonged_left_or_turned(
    held: Side,
    chances: tuple[float, float, float],
    exit_reason: ExitReason | None,
    extend_bars: int | None,
    order: Side | None,
) -> None:
    verdict = decide(chances, account=account(held))
    assert (verdict.exit, verdict.extend_bars) == (exit_reason, extend_bars)
    assert (verdict.order.side if verdict.order else None) is order


def test_the_dummy_changes_nothing_that_is_held() -> None:
    said = opinions(-0.9, -0.9, -0.9, -0.9, -0.9)
    verdict = decide(prediction=DUMMY, account=account(Side.LONG), row=row(**said))
    assert (verdict.exit, verdict.extend_bars, verdict.order) == (None, None, None)


def test_a_veto_stops_no_exit() -> None:
    verdict = decide(SELL, account=account(Side.LONG), bars_since_gap=0, bar_delay_seconds=9999.0)
    assert names(verdict) == {"recent_gap", "stale_bar"}
    assert verdict.exit is ExitReason.TURN
    assert verdict.order is None


def test_sell_closes_what_a_spot_account_holds() -> None:
    verdict = decide(SELL, settings({"allow_short": False}), account=account(Side.LONG))
    assert verdict.exit is ExitReason.TURN
    assert verdict.order is None


def test_what_is_being_left_is_neither_left_again_nor_prolonged() -> None:
    leaving = account(Side.LONG, pending_exit=ExitReason.STOP)
    for chances in (BUY, SELL):
        verdict = decide(chances, account=leaving)
        assert (verdict.exit, verdict.extend_bars, verdict.order) == (None, None, None)
        assert names(verdict) == {"exposure"}


@given(DISTRIBUTION, OPINIONS, SIDES, st.floats(-0.02, 0.02))
def test_the_mirror_of_a_bar_is_decided_as_its_mirror(
    chances: tuple[float, float, float], said: list[float], held: Side, move: float
) -> None:
    seen = decide(chances, account=account(held), row=row(returns_1=move, **opinions(*said)))
    other = decide(
        chances[::-1],
        account=account(Side(-held)),
        row=row(returns_1=-move, **opinions(*(-value for value in said))),
    )
    if max(chances) == min(chances) or sorted(chances)[1] == sorted(chances)[2]:
        return  # Which of two equal chances answers depends on their order.
    assert other.side == -seen.side
    assert other.score == pytest.approx(-seen.score, abs=1e-12)
    assert names(other) == names(seen)
    assert (other.exit, other.extend_bars) == (seen.exit, seen.extend_bars)
    assert (other.order is None) is (seen.order is None)
    if seen.order and other.order:
        assert other.order.side == -seen.order.side
        assert other.order.share == pytest.approx(seen.order.share)


@given(DISTRIBUTION, OPINIONS)
def test_an_abstention_never_changes_the_side(
    chances: tuple[float, float, float], said: list[float]
) -> None:
    model_alone = decide(chances)
    assert decide(chances, row=row(**opinions(0.0, float("nan")))).side is model_alone.side
    strategies = decide(prediction=DUMMY, row=row(**opinions(*said)))
    limit = settings().bot.risk.min_score
    direction = strategies.consensus.direction
    if strategies.consensus.strength >= limit:
        assert strategies.side is direction
    assert strategies.order is None


@given(DISTRIBUTION, OPINIONS, st.floats(0, 0.03), SIDES)
def test_no_order_is_above_its_caps_or_against_the_model(
    chances: tuple[float, float, float], said: list[float], volatility: float, held: Side
) -> None:
    changed = row(returns_1=0.0, volatility_96=volatility, **opinions(*said))
    verdict = decide(chances, row=changed, account=account(held))
    if verdict.order is None:
        assert verdict.vetoes or verdict.side is Side.FLAT
        return
    assert verdict.vetoes == ()
    assert 0.02 <= verdict.order.share <= 1.0
    assert verdict.order.share * (verdict.order.stop_share + 0.0028) <= 0.01 * (1 + 1e-12)
    assert verdict.order.side is verdict.view.direction is verdict.side
    assert held is Side.FLAT or verdict.exit is ExitReason.TURN


def test_a_paper_broker_does_what_is_decided() -> None:
    broker = PaperBroker(settings().bot.trading)
    risk = IntegratedRiskManager(settings())

    def after(n: int, chances: tuple[float, float, float]) -> Verdict:
        seen = bar(n, volume=1e6)
        risk.on_trades(broker.on_bar(seen).trades)
        verdict = risk.decide(context(chances, bar=seen, account=broker.account))
        if verdict.exit is not None:
            broker.exit(verdict.exit)
        if verdict.order is not None:
            broker.enter(verdict.order)
        if verdict.extend_bars is not None:
            broker.extend(verdict.extend_bars)
        return verdict

    bought = after(0, BUY).order
    assert bought is not None
    kept = after(1, BUY)
    assert (kept.held, kept.extend_bars) == (Side.LONG, 16)
    assert broker.account.position_share == pytest.approx(bought.share, rel=0.01)
    assert after(2, SELL).exit is ExitReason.TURN
    assert after(3, HOLD).held is Side.SHORT
    assert broker.account.n_trades == 1
    assert len(risk.state()["entries"]) == 2
    assert risk.state()["losses_in_row"] == 1


def test_a_decision_takes_a_fraction_of_a_millisecond() -> None:
    risk = IntegratedRiskManager(settings())
    seen = context(BUY, bar=bar(), row=row(**opinions(0.5, 0.2, 0.1)))
    spans = []
    for _ in range(2000):
        start = time.perf_counter()
        risk.decide(seen)
        spans.append(time.perf_counter() - start)
    assert sorted(spans)[len(spans) // 4] < 200e-6


def test_the_risk_manager_brings_no_pandas_and_no_mlflow() -> None:
    code = (
        "import sys; import kaidan.bot.risk; "
        "heavy = {'pandas', 'mlflow', 'scipy', 'talib', 'ccxt', 'sklearn', 'lightgbm', 'xgboost',"
        "'onnxruntime', 'apprise', 'pandera'}; print(sorted(heavy & set(sys.modules)))"
    )
    done: Any = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
