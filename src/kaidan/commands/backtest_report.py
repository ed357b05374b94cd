"""What `kaidan backtest` shows a person."""

from rich.console import Group, RenderableType
from rich.table import Table

from kaidan.bot.backtest import LADDER, Backtest
from kaidan.bot.frozen import FrozenResult
from kaidan.bot.walk_result import WalkResult


def shown(result: FrozenResult | WalkResult, title: str) -> RenderableType:
    """The contenders in a table, who answered, and what was left out or learnt on the way."""
    more = _walked(result) if isinstance(result, WalkResult) else _masked(result)
    return Group(_contenders(result.done, title), _answered(result.done), *more)


def _masked(result: FrozenResult) -> list[str]:
    if not result.n_masked:
        return ["no bar was left out: no live model has learnt from any of them"]
    return [
        f"{result.n_masked:,} bars were left out, for every contender alike, because a live model "
        "has learnt from them:",
        *(f"  {one}" for one in result.learnt),
    ]


def _walked(result: WalkResult) -> list[str]:
    lines = [
        f"{len(result.walked)} retrainings; no gate was asked, each was used, good or bad; "
        "parameters that a live version was tuned to were not"
    ]
    for level, one in result.judged.items():
        lines.append(f"level {level}, {len(one.y):,} test bars, log-loss saved in nats a bar:")
        lines += [
            f"  against the {name.replace('_', ' ')}: {one.skills[name]}"
            for name in ("prior", "volatility_prior")
        ]
    return lines + [
        f"level {level}: {reason}" for one in result.walked for level, reason in one.failed.items()
    ]


def _contenders(done: Backtest, title: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("contender")
    for heading in (
        "return",
        "Sharpe\n(95 %)",
        "deflated\nSharpe",
        "largest\ndrawdown",
        "trades",
        "hit\nrate",
        "turnover\na year",
        "exposure",
        "costs\npaid",
    ):
        table.add_column(heading, justify="right")
    for name, one in done.performances.items():
        table.add_row(
            name.replace("_", " "),
            f"{one.total_return:+.1%}",
            f"{one.sharpe.estimate:+.2f} [{one.sharpe.low:+.2f}, {one.sharpe.high:+.2f}]",
            f"{one.deflated_sharpe:.3f}",
            f"{one.max_drawdown:.1%}",
            f"{one.n_trades:,}",
            "-" if one.hit_rate is None else f"{one.hit_rate:.1%}",
            f"{one.turnover_per_year:,.0f}",
            f"{one.exposure:.1%}",
            f"{one.costs_paid:.1%}",
            style="bold" if name == LADDER else None,
        )
    return table


def _answered(done: Backtest) -> str:
    shares = ", ".join(
        f"{f'level {who}' if who.isdigit() else who} {share:.1%}"
        for who, share in sorted(done.shares.items())
    )
    times = done.times
    lines = [
        f"{len(done.answers):,} bars from {times[0]:%Y-%m-%d %H:%M} to {times[-1]:%Y-%m-%d %H:%M} "
        f"UTC; answered by {shares}; Sharpe deflated for {done.n_tried} tried"
    ]
    lines += [f"  {n:,} bars: {reason}" for reason, n in done.reasons.items()]
    return "\n".join(lines)
