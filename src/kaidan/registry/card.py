"""What a person reads in MLflow: what a version is, what it scored, and why it is live or not."""

import pandas as pd

from kaidan.evaluation.report import Judged
from kaidan.learning.tuned_params import TunedParams
from kaidan.registry.decision import Decision
from kaidan.registry.measures import MODEL, Measures

_HEADINGS = {
    "log_loss": "log-loss",
    "brier": "Brier",
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "weighted_f1": "weighted F1",
    "mcc": "MCC",
    "ece": "ECE",
}


def card(decision: Decision, evidence: str) -> str:
    """The decision card of a version, in markdown: verdict, notes and checks, then evidence."""
    return f"{_heading(decision)}\n\n{decision.to_markdown()}\n\n{evidence}"


def short_card(decision: Decision, evidence: str) -> str:
    """The card for the page of the version, which holds less: reasons only of what was missed."""
    notes = [f"- {note}" for note in decision.notes]
    missed = [f"- {c.name}: {c.measured}; {c.reason}" for c in decision.checks if not c.passed]
    checks = ["| check | value | wanted | verdict |", "|---|---|---|---|"]
    checks += [f"| {c.name} | {c.value:.4g} | {c.wanted} | {c.mark} |" for c in decision.checks]
    parts = [_heading(decision), *("\n".join(lines) for lines in (notes, missed, checks) if lines)]
    return "\n\n".join([*parts, evidence])


def _heading(decision: Decision) -> str:
    return "Passed every blocking gate." if decision.passed else f"Refused: {decision.refusals}."


def evidence(measures: Measures, data: str, params: TunedParams) -> str:
    """What the decision rests on, in markdown; it stays the same whoever judges it later."""
    tuned = f"tuned: {', '.join(params)}" if params else "as configured"
    dataset = measures.dataset
    dropped = ", ".join(f"{n} {why}" for why, n in dataset.dropped.items() if n) or "none"
    development = dataset.times[dataset.development]
    kept_back = dataset.times[dataset.holdout]
    return f"""### Data

Level {dataset.level}, {dataset.features.shape[1]} features, data `{data}`.
Learnt from {len(development):,} bars, {development[0]:%Y-%m-%d} to {development[-1]:%Y-%m-%d};
hold-out {len(kept_back):,} bars, {kept_back[0]:%Y-%m-%d} to {kept_back[-1]:%Y-%m-%d}.
Rows left out: {dropped}. Parameters of the members: {tuned}.

### Out of fold ({len(measures.out_of_fold.y):,} bars)

{markdown_table(measures.out_of_fold)}

Log-loss saved by the ensemble (nats a bar, 95 % block-bootstrap interval; above 0 is skill):

{skill_lines(measures.out_of_fold)}

### Hold-out ({len(measures.holdout.y):,} bars, seen by nothing that was fitted)

{markdown_table(measures.holdout)}

{skill_lines(measures.holdout)}

### Traded out of fold, after costs

{performance_table(measures)}

Sharpe ratio: annualised, with its 95 % interval. Deflated: the chance that it is not the luck of
{measures.n_tried} tried variants.
"""


def markdown_table(judged: Judged) -> str:
    """Members, ensemble and baselines as rows, scores as columns."""
    table: pd.DataFrame = judged.table().rename(columns=_HEADINGS)
    lines = ["| | " + " | ".join(table.columns) + " |", "|---" * (len(table.columns) + 1) + "|"]
    for name, row in table.iterrows():
        shown = f"**{name}**" if name == "ensemble" else str(name).replace("_", " ")
        lines.append(f"| {shown} | " + " | ".join(f"{value:.4f}" for value in row) + " |")
    return "\n".join(lines)


def skill_lines(judged: Judged) -> str:
    """Skill against each baseline with its interval, a line each."""
    return "\n".join(
        f"- against the {name.replace('_', ' ')}: {skill}" for name, skill in judged.skills.items()
    )


def performance_table(measures: Measures) -> str:
    """The model and whoever needs none as rows, what they earned as columns."""
    lines = [
        "| | return | Sharpe | deflated | largest drawdown | trades | hit rate |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, found in measures.performances.items():
        shown = f"**{name}**" if name == MODEL else name.replace("_", " ")
        sharpe = found.sharpe
        hits = "-" if found.hit_rate is None else f"{found.hit_rate:.0%}"
        lines.append(
            f"| {shown} | {found.total_return:+.1%} "
            f"| {sharpe.estimate:+.2f} [{sharpe.low:+.2f}, {sharpe.high:+.2f}] "
            f"| {found.deflated_sharpe:.2f} | {found.max_drawdown:.1%} | {found.n_trades} "
            f"| {hits} |"
        )
    return "\n".join(lines)
