"""Scores of probabilities and verdicts; every one of them on rows that nobody was trained on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    log_loss,
    matthews_corrcoef,
    precision_recall_fscore_support,
)

from kaidan.signal import CLASS_NAMES, N_CLASSES

_CLASSES = np.arange(N_CLASSES)


@dataclass(frozen=True)
class ClassScores:
    """One class against the others."""

    precision: float
    recall: float
    f1: float
    support: int
    ece: float


@dataclass(frozen=True)
class Scores:
    """Scores of one source of probabilities on one set of rows.

    Attributes
    ----------
    log_loss : float, in nats; less is better
    brier : float
        Sum over the classes of the squared error, mean over rows; 0 to 2.
    ece : float
        Expected calibration error of the confidence (see `calibration_error`).
    per_class : dict of class name to ClassScores
    """

    n_rows: int
    log_loss: float
    brier: float
    accuracy: float
    macro_f1: float
    weighted_f1: float
    mcc: float
    ece: float
    per_class: dict[str, ClassScores]

    def to_metrics(self, prefix: str) -> dict[str, float]:
        """Flat metric names for MLflow: `prefix.log_loss`, `prefix.BUY.recall`, ..."""
        metrics = {
            f"{prefix}.{name}": float(value)
            for name, value in vars(self).items()
            if name not in ("per_class", "n_rows")
        }
        for label, scores in self.per_class.items():
            metrics |= {f"{prefix}.{label}.{k}": float(v) for k, v in vars(scores).items()}
        return metrics


def score(y: NDArray[np.int64], probabilities: NDArray[np.float64]) -> Scores:
    """Score probabilities against what came true.

    Parameters
    ----------
    y : int array of shape (n_rows,)
        Signals that came true.
    probabilities : float array of shape (n_rows, 3)
    """
    verdicts = probabilities.argmax(axis=1)
    hits = np.eye(N_CLASSES)[y]
    precision, recall, f1, support = precision_recall_fscore_support(
        y, verdicts, labels=_CLASSES, zero_division=0.0
    )
    return Scores(
        n_rows=len(y),
        log_loss=float(log_loss(y, probabilities, labels=_CLASSES)),
        brier=float(((probabilities - hits) ** 2).sum(axis=1).mean()),
        accuracy=float(accuracy_score(y, verdicts)),
        macro_f1=float(f1_score(y, verdicts, labels=_CLASSES, average="macro", zero_division=0.0)),
        weighted_f1=float(
            f1_score(y, verdicts, labels=_CLASSES, average="weighted", zero_division=0.0)
        ),
        mcc=float(matthews_corrcoef(y, verdicts)),
        ece=calibration_error(probabilities.max(axis=1), verdicts == y),
        per_class={
            name: ClassScores(
                float(precision[c]),
                float(recall[c]),
                float(f1[c]),
                int(support[c]),
                calibration_error(probabilities[:, c], y == c),
            )
            for c, name in enumerate(CLASS_NAMES)
        },
    )


def log_losses(y: NDArray[np.int64], probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-loss of every row, of shape (n_rows,), in nats."""
    said = probabilities[np.arange(len(y)), y]
    return np.asarray(-np.log(np.clip(said, np.finfo(np.float64).eps, 1.0)))


def calibration_bins(
    stated: NDArray[np.float64], hit: NDArray[np.bool_], n_bins: int = 10
) -> list[tuple[float, float, int]]:
    """Mean stated probability, share of hits and number of rows, by bin of equal width.

    Empty bins are left out.
    """
    bins = np.minimum((stated * n_bins).astype(int), n_bins - 1)
    return [
        (float(stated[chosen].mean()), float(hit[chosen].mean()), int(chosen.sum()))
        for chosen in (bins == number for number in range(n_bins))
        if chosen.any()
    ]


def calibration_error(
    stated: NDArray[np.float64], hit: NDArray[np.bool_], n_bins: int = 10
) -> float:
    """Expected calibration error: row-weighted mean over bins of |share of hits - stated|.

    Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    bins = calibration_bins(stated, hit, n_bins)
    return sum(n * abs(hits - said) for said, hits, n in bins) / len(stated)
