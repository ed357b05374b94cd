"""How `kaidan explain` shows what moved an answer: a table, plain values, or a figure."""

from typing import Any

from matplotlib.figure import Figure
from rich.console import Group
from rich.table import Table
from rich.text import Text

from kaidan.bot.journal.entry import Entry
from kaidan.commands.journal_report import minute
from kaidan.commands.journal_story import story
from kaidan.evaluation.plots.shap_waterfall import shap_waterfall
from kaidan.registry.explained import Explained, Moved
from kaidan.signal import Signal

_SHOWN = 10


def report(found: Explained, entry: Entry) -> Group:
    """The features that moved the answer most, and the whole story of the bar."""
    signal = entry.prediction.signal
    top, others = _top(found, signal)
    base, answered = found.base[signal], found.answered[signal]
    title = (
        f"Why {signal.name}: {answered:.1%} on the bar of {minute(entry.bar.time)} UTC, "
        f"by {found.version.name} version {found.version.number}"
    )
    told = (
        f"{base:.1%} is the calibrated vote of members that know no feature; with the percentage "
        "points that each feature adds it becomes the answer.\n"
    )
    table = Table()
    table.add_column("feature", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("in training", justify="right", no_wrap=True)
    for heading in (f"to {signal.name}", *(f"to {one.name}" for one in _rest(signal))):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_row("without any feature", "", "", *_shares(found.base, signal))
    for one in top:
        table.add_row(one.name, f"{one.value:.5g}", _place(one), *_points(one.adds, signal))
    table.add_row(f"{len(found.moved) - len(top)} others", "", "", *_points(others, signal))
    table.add_section()
    table.add_row("answered", "", "", *_shares(found.answered, signal))
    return Group(Text(title, style="bold"), table, Text(told), story(entry))


def explained_dict(found: Explained, entry: Entry) -> dict[str, Any]:
    """Plain values, for `--json`: every feature, the one that moved the answer most first."""
    signal = entry.prediction.signal
    return {
        "level": found.version.level,
        "version": found.version.number,
        "signal": signal.name,
        "explains": "the calibrated vote, in probability",
        "base": _by_name(found.base),
        "answered": _by_name(found.answered),
        "features": [
            {
                "name": one.name,
                "value": one.value,
                "training_shares": [one.lower, one.upper],
                "adds": _by_name(one.adds),
            }
            for one in _ranked(found, signal)
        ],
        "entry": entry.to_dict(),
    }


def drawn(found: Explained, entry: Entry) -> Figure:
    """The way of the answered signal's probability from the base to the answer."""
    signal = entry.prediction.signal
    top, others = _top(found, signal)
    steps = [(f"{one.name} = {one.value:.4g}  ({_place(one)})", one.adds[signal]) for one in top]
    steps.append((f"{len(found.moved) - len(top)} others", others[signal]))
    title = (
        f"Why {signal.name} on the bar of {minute(entry.bar.time)} UTC, "
        f"level {found.version.level} version {found.version.number}"
    )
    return shap_waterfall(found.base[signal], steps, signal, title)


def _ranked(found: Explained, signal: Signal) -> list[Moved]:
    return sorted(found.moved, key=lambda one: -abs(one.adds[signal]))


def _top(found: Explained, signal: Signal) -> tuple[list[Moved], tuple[float, ...]]:
    ranked = _ranked(found, signal)
    others = [one.adds for one in ranked[_SHOWN:]]
    return ranked[:_SHOWN], tuple(sum(adds[one] for adds in others) for one in Signal)


def _rest(signal: Signal) -> list[Signal]:
    return [one for one in Signal if one is not signal]


def _points(adds: tuple[float, ...], signal: Signal) -> list[str]:
    return [f"{100 * adds[one]:+.1f}" for one in (signal, *_rest(signal))]


def _shares(probabilities: tuple[float, ...], signal: Signal) -> list[str]:
    return [f"{probabilities[one]:.1%}" for one in (signal, *_rest(signal))]


def _place(one: Moved) -> str:
    """Where the value lies among the training rows, as well as their deciles tell."""
    if one.upper >= 1.0 > one.upper - one.lower:
        return f"highest {1 - one.lower:.0%}"
    if one.lower <= 0.0:
        return f"lowest {one.upper:.0%}"
    return f"{one.lower:.0%} to {one.upper:.0%}"


def _by_name(values: tuple[float, ...]) -> dict[str, float]:
    return {one.name.lower(): values[one] for one in Signal}
