"""Two runs of the bot over the same bars, compared bar by bar."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kaidan.bot.desk import Dealt
from kaidan.bot.journal import Entry
from kaidan.market.bar import Bar
from kaidan.serving.prediction import Prediction

SHOWN = 5


@dataclass(frozen=True)
class Decision:
    """What was decided on a bar.

    Attributes
    ----------
    facts : dict of str to value
        The same, or it is another decision.
    numbers : dict of str to float
        Sums in another order differ in their last digits.
    """

    time: datetime
    facts: dict[str, Any]
    numbers: dict[str, float] = field(default_factory=dict)


def from_journal(entry: Entry) -> Decision:
    return _decision(
        entry.bar,
        entry.prediction,
        [one.level for one in entry.prediction.attempts],
        entry.verdict,
        list(entry.trades),
        {"equity_share": entry.equity_share, "position_share": entry.position_share},
        entry.side.name,
    )


def from_history(bar: Bar, prediction: Prediction, levels_out: list[int], dealt: Dealt) -> Decision:
    account = dealt.account
    return _decision(
        bar,
        prediction,
        levels_out,
        dealt.verdict.to_dict(),
        [trade.to_dict() for trade in dealt.executed.trades],
        {"equity_share": account.equity_share, "position_share": account.position_share},
        account.side.name,
    )


def _decision(
    bar: Bar,
    prediction: Prediction,
    levels_out: list[int],
    verdict: dict[str, Any],
    trades: list[dict[str, Any]],
    account: dict[str, float],
    side: str,
) -> Decision:
    order = verdict["order"] or {}
    facts = {
        "bar": bar,
        "signal": prediction.signal.name,
        "level": prediction.level,
        "levels_out": levels_out,
        "order": (order.get("side"), order.get("due_bars")),
        "exit": verdict["exit"],
        "extend_bars": verdict["extend_bars"],
        "vetoes": [veto["name"] for veto in verdict["vetoes"]],
        "side": side,
        "trades": [
            (one["side"], one["entry_time"], one["exit_time"], one["reason"]) for one in trades
        ],
    }
    numbers = {
        **{f"p_{name}": value for name, value in prediction.probabilities._asdict().items()},
        "confidence": prediction.confidence,
        "score": verdict["score"],
        **account,
        **{name: order.get(name, 0.0) for name in ("share", "stop_share", "target_share")},
        "net_return": sum(one["net_return"] for one in trades),
    }
    return Decision(bar.time, facts, numbers)


def compare(ours: Iterable[Decision], theirs: Iterable[Decision]) -> dict[str, Any]:
    """Count what is missing, what is more, and what differs in `ours`; and by how much at most."""
    mine, wanted = ({one.time: one for one in side} for side in map(list, (ours, theirs)))
    different: dict[str, int] = {}
    largest: dict[str, float] = {}
    n_different, shown = 0, []
    for time in sorted(mine.keys() & wanted.keys()):
        one, other = mine[time], wanted[time]
        names = [name for name, fact in other.facts.items() if one.facts[name] != fact]
        for name in names:
            different[name] = different.get(name, 0) + 1
        for name, number in other.numbers.items():
            largest[name] = max(largest.get(name, 0.0), abs(one.numbers[name] - number))
        if names:
            n_different += 1
            if len(shown) < SHOWN:
                facts = {name: [str(one.facts[name]), str(other.facts[name])] for name in names}
                shown.append({"bar": time.isoformat(), **facts})
    return {
        "bars": len(mine),
        "missing": len(wanted.keys() - mine.keys()),
        "too_many": len(mine.keys() - wanted.keys()),
        "different": n_different,
        "different_by_fact": different,
        "largest_differences": largest,
        "first_different": shown,
    }
