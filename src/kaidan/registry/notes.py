"""What a reader must know beside the checks: sentences with the numbers that a run measured."""

from collections.abc import Mapping

Metrics = Mapping[str, float]


def notes(metrics: Metrics) -> tuple[str, ...]:
    """Say what was found, who has no vote, and what the usual boasts are worth.

    Parameters
    ----------
    metrics : mapping
        What the candidate's run measured.
    """
    return (_direction(metrics), *_silent(metrics), _weighted_f1(metrics), _backtest(metrics))


def _direction(metrics: Metrics) -> str:
    key = "oof.direction_auc"
    auc = f"AUC {metrics[key]:.3f} [{metrics[f'{key}.low']:.3f}, {metrics[f'{key}.high']:.3f}]"
    among = "of BUY against SELL among the bars that moved (99.9 %)"
    if metrics[f"{key}.low"] > 0.5:
        return f"Direction was found: {auc} {among}."
    return f"Direction was not found: {auc} {among}. It may know how far, not which way."


def _silent(metrics: Metrics) -> list[str]:
    weights = {
        key.removeprefix("weight."): value
        for key, value in metrics.items()
        if key.startswith("weight.")
    }
    rest = ", ".join(f"{name} {weight:.2f}" for name, weight in weights.items() if weight > 0)
    return [
        f"Member {name} has no vote: log-loss {metrics[f'oof.{name}.log_loss']:.4f} out of fold "
        f"against {metrics['oof.prior.log_loss']:.4f} of the class prior. Votes: {rest}."
        for name, weight in weights.items()
        if weight == 0
    ]


def _weighted_f1(metrics: Metrics) -> str:
    return (
        f"Weighted F1 is {metrics['oof.ensemble.weighted_f1']:.3f}; always saying the commonest "
        f"class scores {metrics['oof.majority.weighted_f1']:.3f} on the same bars."
    )


def _backtest(metrics: Metrics) -> str:
    key = "oof.backtest"
    sharpe = (
        f"Sharpe {metrics[f'{key}.sharpe']:+.2f} "
        f"[{metrics[f'{key}.sharpe.low']:+.2f}, {metrics[f'{key}.sharpe.high']:+.2f}]"
    )
    return (
        f"After costs, out of fold: {metrics[f'{key}.total_return']:+.1%} in "
        f"{metrics[f'{key}.n_trades']:.0f} trades, {sharpe}, largest drawdown "
        f"{metrics[f'{key}.max_drawdown']:.1%}; buy and hold "
        f"{metrics['oof.buy_and_hold.total_return']:+.1%}."
    )
