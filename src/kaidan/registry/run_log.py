"""What a run keeps in MLflow, so that anyone can see there what was done and what came of it."""

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import mlflow
import numpy as np

from kaidan.evaluation import plots
from kaidan.evaluation.report import Judged
from kaidan.evaluation.scores import log_losses
from kaidan.learning.dataset import Dataset
from kaidan.learning.ensemble import ProductionEnsemble
from kaidan.registry.gates import Decision
from kaidan.settings import Settings
from kaidan.signal import CLASS_NAMES


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line; logged as it was given."""

    data: str
    macro: str
    days: int
    trials: int
    promote: Literal["auto", "never"]

    @property
    def data_name(self) -> str:
        """Data as they are named in the UI; where a file lies is in the parameters."""
        return Path(self.data).stem or self.data

    def run_name(self, what: str) -> str:
        """Name of the run that trains `what`."""
        return f"{what}, {self.days} days of {self.data_name}"


def log_setup(
    request: Request,
    settings: Settings,
    dataset: Dataset,
    ensemble: ProductionEnsemble,
    tags: dict[str, str],
) -> None:
    """Log what a level was trained with: parameters, tags, feature order and data."""
    training = settings.training.model_dump(exclude={"strategies", "seed"}, mode="json")
    mlflow.log_params(
        {
            "level": dataset.level,
            "n_features": dataset.features.shape[1],
            "n_inputs": len(ensemble.input_names_),
            "config_id": settings.config_id,
            **_flat(training),
            **{f"rounds.{n}": one.member.n_rounds for n, one in ensemble.members_.items()},
            **{f"rows_left_out.{why}": n for why, n in dataset.dropped.items()},
        }
    )
    mlflow.set_tags({"mlflow.runName": request.run_name(f"level {dataset.level}"), **tags})
    mlflow.log_text("\n".join(dataset.features.columns) + "\n", "features.txt")
    with warnings.catch_warnings():
        # Two of MLflow's source types claim local paths; both read them alike.
        warnings.filterwarnings("ignore", message=".*can be interpreted in multiple ways")
        source = mlflow.data.from_pandas(  # type: ignore[attr-defined]
            dataset.features.assign(label=np.array(CLASS_NAMES)[dataset.y]),
            source=request.data,
            targets="label",
            name=f"{request.data_name} level {dataset.level}",
            digest=tags["data_sha256"][:12],
        )
    mlflow.log_input(source, context="training")


def log_results(
    dataset: Dataset,
    ensemble: ProductionEnsemble,
    out_of_fold: Judged,
    holdout: Judged,
    decision: Decision,
    card: str,
) -> None:
    """Log what came of it: log-loss by fold, figures, and the decision with its card."""
    # The fold is the step, so that the UI draws log-loss over time.
    for name, probabilities in out_of_fold.probabilities.items():
        losses = log_losses(out_of_fold.y, probabilities)
        for number, rows in enumerate(ensemble.out_of_fold_.fold_slices(), start=1):
            mlflow.log_metric(f"fold.{name}.log_loss", float(np.mean(losses[rows])), step=number)
    for part, judged in (("out_of_fold", out_of_fold), ("holdout", holdout)):
        title = f"Level {dataset.level}, {part.replace('_', ' ')}, {len(judged.y):,} bars"
        mlflow.log_figure(plots.confusion(judged, title), f"figures/confusion_{part}.png")
        mlflow.log_figure(plots.reliability(judged, title), f"figures/reliability_{part}.png")
    served = replace(ensemble.final_fold_, test=np.arange(len(dataset.y))[dataset.holdout])
    timeline = plots.fold_timeline(dataset.times, (*ensemble.out_of_fold_.folds, served))
    mlflow.log_figure(timeline, "figures/fold_timeline.png")
    mlflow.log_text(card, "decision/card.md")
    mlflow.log_dict(decision.to_dict(), "decision/decision.json")
    mlflow.set_tag("mlflow.note.content", card)


def _flat(settings: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat
