"""Each veto alone, with its numbers, and all of them together."""

import math
import re
from typing import Any

import pytest

from kaidan.trading.policy import Side
from kaidan.trading.position import ExitReason
from tests.bot.risk.kit import (
    BUY,
    DUMMY,
    HOLD,
    SELL,
    account,
    bar,
    decide,
    names,
    opinions,
    row,
    settings,
)

NAN = math.nan


def test_nothing_speaks_against_a_sure_answer_on_a_quiet_bar() -> None:
    for chances in (BUY, SELL):
        verdict = decide(chances)
        assert verdict.vetoes == ()
        assert verdict.order is not None


@pytest.mark.parametrize(
    ("changes", "name", "said"),
    [
        ({"bar_delay_seconds": 121.0}, "stale_bar", "told 121 s after its close, want 120 s"),
        ({"bar_delay_seconds": -500.0}, "stale_bar", "told 500 s before its close"),
        ({"bar_delay_seconds": NAN}, "stale_bar", "told nan s"),
        ({"bars_since_gap": 95}, "recent_gap", "95 whole bars since the last gap, want 96"),
        ({"bar": bar(volume=0.0)}, "filler_bar", "nobody traded on this bar"),
        ({"spread_share": 0.0021}, "wide_spread", "spread 0.210%, want 0.200% at most"),
        ({"spread_share": NAN}, "wide_spread", "spread nan%"),
        ({"row": row(returns_1=-0.0161)}, "jump", "moved -1.61% in one bar, want 8 x 0.20%"),
        ({"row": row(returns_1=0.0161)}, "jump", r"moved \+1.61%"),
        ({"row": row(returns_1=NAN)}, "jump", "moved "),
        ({"row": row(volatility_96=NAN)}, "no_volatility", "volatility_96 is nan"),
        ({"row": row(volatility_96=math.inf)}, "no_volatility", "volatility_96 is inf"),
        ({"row": row(volume_ratio=0.019)}, "thin_volume", "volume 0.019 x usual, want 0.02"),
        ({"row": row(volume_ratio=NAN)}, "thin_volume", "volume nan x usual"),
        ({"row": row(volume_ratio=25.1)}, "volume_surge", "volume 25.1 x usual, want 25"),
        ({"prediction": DUMMY}, "no_model", "no model answers"),
        (
            {"account": account(Side.LONG)},
            "exposure",
            "holds LONG with 0.300 of the equity already",
        ),
        (
            {"account": account(Side.SHORT, pending_exit=ExitReason.STOP)},
            "exposure",
            r"still leaving SHORT \(stop\)",
        ),
        (
            {"row": row(**opinions(-0.7))},
            "strategies_oppose",
            "consensus -0.70 against LONG, want less than 0.6",
        ),
    ],
)
def test_a_veto_alone_stops_the_entry_and_gives_its_numbers(
    changes: dict[str, Any], name: str, said: str
) -> None:
    verdict = decide(BUY, **changes)
    assert verdict.order is None
    assert [veto.name for veto in verdict.vetoes] == [name]
    assert re.search(said, verdict.vetoes[0].text)


@pytest.mark.parametrize(
    "changes",
    [
        {"bar_delay_seconds": 120.0},
        {"bar_delay_seconds": -120.0},
        {"bars_since_gap": 96},
        {"spread_share": 0.002},
        {"row": row(returns_1=0.016)},
        {"row": row(volume_ratio=0.02)},
        {"row": row(volume_ratio=25.0)},
        {"row": row(**opinions(-0.59))},
        {"row": row(volatility_96=0.002, **opinions(NAN, 0.0))},
        {"account": account(Side.SHORT)},
    ],
)
def test_at_its_limit_a_bar_still_passes(changes: dict[str, Any]) -> None:
    verdict = decide(BUY, **changes)
    assert verdict.vetoes == ()
    assert verdict.order is not None


def test_the_model_is_not_overruled_by_the_strategies() -> None:
    verdict = decide((0.33, 0.32, 0.35), row=row(**opinions(-0.9)))
    assert verdict.side is Side.SHORT
    assert "model_opposes" in names(verdict)
    assert "BUY with 0.35 against SHORT" in str(verdict)


def test_hold_is_a_veto_whatever_the_strategies_say() -> None:
    verdict = decide(HOLD, row=row(**opinions(0.9, 0.9, 0.9, 0.9, 0.9)))
    assert verdict.side is Side.LONG
    assert "model_says_hold" in names(verdict)
    assert verdict.order is None


def test_what_earns_less_than_its_costs_is_not_opened() -> None:
    verdict = decide((0.25, 0.3, 0.45))
    assert names(verdict) == {"no_edge"}
    assert verdict.vetoes[0].text == "a position earns -0.08% on average, after costs of 0.28%"


def test_a_size_below_the_smallest_is_not_opened() -> None:
    verdict = decide(BUY, settings(kelly_fraction=0.0002))
    assert names(verdict) == {"too_small"}
    assert "of the equity, want 0.02 at least" in verdict.vetoes[0].text


def test_a_spot_account_goes_short_never() -> None:
    spot = settings({"allow_short": False})
    assert names(decide(SELL, spot)) == {"short_not_allowed"}
    assert decide(BUY, spot).order is not None


def test_an_account_without_equity_opens_nothing() -> None:
    verdict = decide(BUY, account=account(equity_share=0.0))
    assert names(verdict) == {"equity_gone", "drawdown_pause"}
    assert verdict.vetoes[0].text == "equity is 0 of its start"


def test_all_vetoes_that_apply_are_collected() -> None:
    verdict = decide(
        (0.45, 0.35, 0.2),
        settings({"allow_short": False}),
        bar=bar(volume=0.0),
        row=row(returns_1=0.5, volume_ratio=0.0, **opinions(0.9)),
        account=account(Side.SHORT, equity_share=0.0),
        bar_delay_seconds=1e6,
        bars_since_gap=0,
        spread_share=0.5,
    )
    # The consensus outweighs so small an edge, so the side is LONG and the model is against it.
    assert verdict.side is Side.LONG
    assert names(verdict) == {
        "equity_gone",
        "drawdown_pause",
        "model_opposes",
        "no_edge",
        "stale_bar",
        "recent_gap",
        "filler_bar",
        "wide_spread",
        "jump",
        "thin_volume",
    }
    assert len(verdict.vetoes) == len(names(verdict))


def test_what_is_wrong_with_a_bar_is_told_though_no_side_is_wanted() -> None:
    verdict = decide((0.4, 0.2, 0.4), bars_since_gap=3)
    assert verdict.side is Side.FLAT
    assert verdict.size is None
    assert names(verdict) == {"recent_gap"}
