"""A verdict is read by people at a terminal and written to a journal."""

import json

from hypothesis import given

from kaidan.trading.policy import Side
from tests.bot.risk.kit import (
    BUY,
    DISTRIBUTION,
    HOLD,
    OPINIONS,
    SELL,
    SIDES,
    account,
    decide,
    opinions,
    row,
)


@given(DISTRIBUTION, OPINIONS, SIDES)
def test_a_verdict_is_plain_json_and_a_few_lines(
    chances: tuple[float, float, float], said: list[float], held: Side
) -> None:
    verdict = decide(chances, account=account(held), row=row(**opinions(*said)))
    plain = verdict.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert all(len(line) < 180 for line in str(verdict).splitlines())


def test_a_verdict_reads_as_a_story() -> None:
    opened = str(decide(BUY, row=row(**opinions(0.5)))).splitlines()
    assert opened == [
        "score +0.57: enter LONG with 0.676 of the equity, stop 1.20%, target 1.60%, 16 bars",
        "  model: BUY 0.70 (sell 0.10, hold 0.20, buy 0.70)",
        "  strategies +0.50 (ATRBased +0.50)",
        "  expects +0.31% (+0.99% or -0.99%, costs 0.28%); Kelly 59.34, taken 14.84, at most 0.68 "
        "for its stop: 0.676 of the equity (its stop)",
    ]
    turned = str(decide(SELL, account=account(Side.LONG))).splitlines()[0]
    assert turned.startswith("score -0.60: leave LONG (turn), enter SHORT with 0.676 of")
    kept = str(decide(BUY, account=account(Side.LONG)))
    assert kept.startswith("score +0.60: hold LONG for 16 bars more\n")
    assert kept.endswith(
        "  against an entry:\n    exposure: holds LONG with 0.300 of the equity already"
    )
    assert str(decide(HOLD)).startswith("score +0.00: stay out\n")
    assert str(decide(HOLD, account=account(Side.LONG))).startswith(
        "score +0.00: hold LONG as it is"
    )
    held_back = str(decide(BUY, bars_since_gap=1))
    assert held_back.startswith("score +0.60: stay out, though LONG is likelier\n")
