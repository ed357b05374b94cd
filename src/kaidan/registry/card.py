"""What a person reads in MLflow: what a version is, what it scored, and why it is live or not."""

import pandas as pd

from kaidan.evaluation.report import Judged
from kaidan.learning.dataset import Dataset
from kaidan.registry.gates import Decision

_HEADINGS = {
    "log_loss": "log-loss",
    "brier": "Brier",
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "weighted_f1": "weighted F1",
    "mcc": "MCC",
    "ece": "ECE",
}


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


def card(
    dataset: Dataset, out_of_fold: Judged, holdout: Judged, decision: Decision, data: str
) -> str:
    """The decision card of a version, in markdown."""
    heading = "Passed every blocking gate." if decision.passed else f"Refused: {decision.refusals}."
    dropped = ", ".join(f"{n} {why}" for why, n in dataset.dropped.items() if n) or "none"
    development = dataset.times[dataset.development]
    kept_back = dataset.times[dataset.holdout]
    return f"""{heading}

Level {dataset.level}, {dataset.features.shape[1]} features, data `{data}`.
Learnt from {len(development):,} bars, {development[0]:%Y-%m-%d} to {development[-1]:%Y-%m-%d};
hold-out {len(kept_back):,} bars, {kept_back[0]:%Y-%m-%d} to {kept_back[-1]:%Y-%m-%d}.
Rows left out: {dropped}.

### Gates

{decision.to_markdown()}

### Out of fold ({len(out_of_fold.y):,} bars)

{markdown_table(out_of_fold)}

Log-loss saved by the ensemble (nats a bar, 95 % block-bootstrap interval; above 0 is skill):

{skill_lines(out_of_fold)}

### Hold-out ({len(holdout.y):,} bars, seen by nothing that was fitted)

{markdown_table(holdout)}

{skill_lines(holdout)}
"""
