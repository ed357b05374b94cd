"""The whole story of one bar, for a person who asks why."""

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from kaidan.bot.journal.entry import Entry
from kaidan.bot.risk import Consensus, Size
from kaidan.commands.journal_report import minute, plain
from kaidan.trading.policy import Side

_WIDTH = 12
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))


def story(entry: Entry) -> Text:
    """Everything that was written down about one bar, in the order in which it happened."""
    bar, said = entry.bar, entry.prediction
    who = "the dummy" if said.level is None else f"level {said.level} version {entry.version}"
    model = f", model {entry.model_sha256[:12]}" if entry.model_sha256 else ""
    sell, hold, buy = said.probabilities
    lines = [
        f"bar of {minute(bar.time)} UTC: open {bar.open:,.8g}, high {bar.high:,.8g}, "
        f"low {bar.low:,.8g}, close {bar.close:,.8g}, volume {bar.volume:,.8g}",
        _line("arrived", "; ".join(entry.arrival) or "in order and in time"),
        *(_line("fill", plain(fill)) for fill in entry.fills),
        *(_line("trade", plain(trade)) for trade in entry.trades),
        _line("answer", f"{said.signal.name} with confidence {said.confidence:.3f} from {who}"),
        _line("", f"sell {sell:.3f}, hold {hold:.3f}, buy {buy:.3f}{model}"),
        *(_line("  out", str(attempt)) for attempt in said.attempts),
        *(_line("shadow", _shadow(one)) for one in entry.shadow),
        _line("macro", _macro(entry.macro)),
        *_verdict(entry.verdict),
        *(_line("  against", f"{veto['name']}: {veto['text']}") for veto in entry.vetoes),
        _line("order", _order(entry.order)),
        _line("holds", f"{entry.side.name}, {entry.position_share:.1%} of the equity"),
        _line("equity", f"{entry.equity_share:.6f} of that at the start"),
        _line(
            "decided",
            f"{entry.decided_at:%Y-%m-%d %H:%M:%S} UTC, {entry.latency_us:,.0f} µs after the bar "
            f"was there, on features {entry.features_sha256[:12]}",
        ),
    ]
    return Text("\n".join(lines))


def _shadow(said: Mapping[str, Any]) -> str:
    who = f"level {said['level']} version {said['version'] or 'none'}"
    if "reason" in said:
        return f"{who}: {said['reason']}"
    return f"{who} says {said['signal']} with confidence {said['confidence']:.3f}"


def _macro(known: Mapping[str, Any]) -> str:
    ages = [f"{name} {_age(seconds)}" for name, seconds in known["ages_seconds"].items()]
    stale = f"; stale: {', '.join(known['stale'])}" if known["stale"] else ""
    return (f"known for {', '.join(ages)}" if ages else "none") + stale


def _verdict(verdict: Mapping[str, Any]) -> list[str]:
    consensus, size = verdict["consensus"], verdict["size"]
    direction = Side[consensus["direction"]]
    strategies = Consensus(direction, consensus["strength"], consensus["opinions"])
    does = [
        *([f"leave {verdict['held']} ({verdict['exit']})"] if verdict["exit"] else []),
        *([f"hold for {verdict['extend_bars']} bars more"] if verdict["extend_bars"] else []),
        *([f"enter {verdict['side']}"] if verdict["order"] else []),
    ]
    side = "no side" if verdict["side"] == Side.FLAT.name else verdict["side"]
    return [
        _line("verdict", f"score {verdict['score']:+.3f}, {side}: {', '.join(does) or 'nothing'}"),
        _line("  model", "; ".join(verdict["view"]["reasons"])),
        _line("", str(strategies)),
        *([] if size is None else [_line("  size", str(Size(**size)))]),
    ]


def _order(order: Mapping[str, Any] | None) -> str:
    if order is None:
        return "none"
    return (
        f"{order['side']} with {order['share']:.1%} of the equity at the next open, stop "
        f"{order['stop_share']:.2%} and target {order['target_share']:.2%} away, for "
        f"{order['due_bars']} bars"
    )


def _age(seconds: float) -> str:
    for unit, length in _UNITS:
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def _line(label: str, text: str) -> str:
    return f"  {label:<{_WIDTH}}{text}"
