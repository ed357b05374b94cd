"""What a run of the bot came to, for the terminal and for `--json`."""

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from kaidan.bot.tick import Decided

_N_TIMED = 20_000  # the last ones: a bot that runs for years must not grow


@dataclass
class Summary:
    """Counts decisions as they come.

    Attributes
    ----------
    journal : Path
    n_before : int
        Bars that the journal held when the run began.
    learnt : tuple of str
        Which versions have learnt from some of these bars: what they earn there says nothing.
    """

    journal: Path
    n_before: int
    learnt: tuple[str, ...] = ()
    n_decided: int = 0
    n_trades: int = 0
    first: datetime | None = None
    last: datetime | None = None
    equity_share: float = 1.0
    highest_share: float = 1.0
    drawdown_share: float = 0.0
    answered_by: Counter[str] = field(default_factory=Counter)
    signals: Counter[str] = field(default_factory=Counter)
    vetoes: Counter[str] = field(default_factory=Counter)
    entries: int = 0
    _seconds: deque[float] = field(default_factory=lambda: deque(maxlen=_N_TIMED))

    def add(self, decided: Decided) -> None:
        """Count one decision."""
        entry = decided.entry
        self.n_decided += 1
        self.first = self.first or entry.bar.time
        self.last = entry.bar.time
        self.n_trades += len(entry.trades)
        self.entries += decided.dealt.verdict.order is not None
        self.equity_share = entry.equity_share
        self.highest_share = max(self.highest_share, entry.equity_share)
        self.drawdown_share = max(
            self.drawdown_share, 1.0 - entry.equity_share / self.highest_share
        )
        level = entry.prediction.level
        self.answered_by["dummy" if level is None else f"level {level}"] += 1
        self.signals[entry.prediction.signal.name] += 1
        self.vetoes.update(veto.name for veto in decided.dealt.verdict.vetoes)
        self._seconds.append(decided.seconds)

    @property
    def tick_us(self) -> dict[str, float]:
        """Median, 99th percentile and largest of the ticks that were timed, microseconds."""
        if not self._seconds:
            return {}
        times = 1e6 * np.array(self._seconds)
        return {
            "p50": round(float(np.quantile(times, 0.5)), 1),
            "p99": round(float(np.quantile(times, 0.99)), 1),
            "max": round(float(times.max()), 1),
        }

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            "journal": str(self.journal),
            "n_before": self.n_before,
            "n_decided": self.n_decided,
            "from": self.first and self.first.isoformat(),
            "until": self.last and self.last.isoformat(),
            "answered_by": dict(self.answered_by),
            "signals": dict(self.signals),
            "vetoes": dict(self.vetoes.most_common()),
            "n_entries": self.entries,
            "n_trades": self.n_trades,
            "equity_share": self.equity_share,
            "drawdown_share": self.drawdown_share,
            "tick_us": self.tick_us,
            "learnt": list(self.learnt),
        }

    def __str__(self) -> str:
        before = f", after {self.n_before:,} that it held" if self.n_before else ""
        if not self.n_decided:
            return (
                f"no new bar was decided on{before} (journal {self.journal}); begin anew with "
                "--restart"
                if self.n_before
                else f"no bar was decided on (journal {self.journal})"
            )
        span = f"{self.first:%Y-%m-%d %H:%M} to {self.last:%Y-%m-%d %H:%M} UTC"
        bars = "1 bar" if self.n_decided == 1 else f"{self.n_decided:,} bars"
        lines = [
            f"{bars} decided{before}: {span}",
            f"  answered by  {_listed(self.answered_by)}",
            f"  answers      {_listed(self.signals)}",
            f"  positions    {self.entries:,} asked for, {self.n_trades:,} closed; equity "
            f"{self.equity_share:.4f} of the start, largest drawdown {self.drawdown_share:.1%}",
            f"  vetoes       {_listed(self.vetoes) or 'none'}",
            f"  a tick       {self.tick_us['p50']:.0f} us, 99 of 100 below "
            f"{self.tick_us['p99']:.0f} us",
            f"  journal      {self.journal} (kaidan journal)",
        ]
        if self.learnt:
            lines.append("  results on bars that a model has learnt from say nothing about it:")
            lines += [f"    {one}" for one in self.learnt]
        return "\n".join(lines)


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {n:,}" for name, n in counts.most_common(6))
