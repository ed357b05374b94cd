"""What a run keeps in MLflow, so that anyone can see there what was done and what came of it."""

import tempfile
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import mlflow
import numpy as np
from matplotlib.figure import Figure

from kaidan.evaluation import plots
from kaidan.evaluation.importance import group_importance
from kaidan.evaluation.scores import log_losses
from kaidan.learning.dataset import Dataset
from kaidan.learning.ensemble import ProductionEnsemble
from kaidan.registry.champion import HOLDOUT_PATH, LABEL
from kaidan.registry.judgement import EVIDENCE_PATH
from kaidan.registry.measures import MODEL, Measures
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


def log_results(measures: Measures, evidence: str) -> None:
    """Log what came of it: log-loss by fold, figures, and what the decision will rest on."""
    dataset, ensemble = measures.dataset, measures.ensemble
    out_of_fold, holdout = measures.out_of_fold, measures.holdout
    # The fold is the step, so that the UI draws log-loss over time.
    for name, probabilities in out_of_fold.probabilities.items():
        losses = log_losses(out_of_fold.y, probabilities)
        for number, rows in enumerate(ensemble.out_of_fold_.fold_slices(), start=1):
            mlflow.log_metric(f"fold.{name}.log_loss", float(np.mean(losses[rows])), step=number)
    for name, figure in _figures(measures).items():
        mlflow.log_figure(figure, f"figures/{name}.png")
    mlflow.log_text(evidence, EVIDENCE_PATH)
    kept_back = dataset.features.iloc[dataset.holdout].astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(HOLDOUT_PATH).name
        kept_back.assign(**{LABEL: holdout.y}).to_parquet(path)
        mlflow.log_artifact(str(path), str(Path(HOLDOUT_PATH).parent))


def _figures(measures: Measures) -> dict[str, Figure]:
    dataset, ensemble = measures.dataset, measures.ensemble
    level = f"Level {dataset.level}"
    figures = {}
    for part, judged in (("out_of_fold", measures.out_of_fold), ("holdout", measures.holdout)):
        title = f"{level}, {part.replace('_', ' ')}, {len(judged.y):,} bars"
        figures[f"confusion_{part}"] = plots.confusion(judged, title)
        figures[f"reliability_{part}"] = plots.reliability(judged, title)
    served = replace(ensemble.final_fold_, test=np.arange(len(dataset.y))[dataset.holdout])
    development = dataset.features.iloc[dataset.development], dataset.y[dataset.development]
    return figures | {
        "fold_timeline": plots.fold_timeline(dataset.times, (*ensemble.out_of_fold_.folds, served)),
        "skill_by_month": plots.skill_by_month(
            measures.out_of_fold, f"{level}, log-loss saved by month, out of fold"
        ),
        "class_mix": plots.class_mix(
            measures.out_of_fold, f"{level}, what was said and what came true, out of fold"
        ),
        "importance": plots.importance(
            group_importance(ensemble, *development),
            f"{level}, importance of feature groups, out of fold",
        ),
        "equity": plots.equity(
            measures.replays[MODEL].times,
            {name: one.equity for name, one in measures.replays.items()},
            f"{level}, traded out of fold, after costs",
        ),
    }


def _flat(settings: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat
