"""Balancing the training part: SMOTE first, class weights for what it leaves unbalanced."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kaidan.errors import TrainingError
from kaidan.settings import ResamplingSettings
from kaidan.signal import N_CLASSES, Signal


@dataclass(frozen=True)
class Balanced:
    """Rows to fit on.

    Attributes
    ----------
    X : float32 array of shape (n_balanced, n_features)
    y : int array of shape (n_balanced,)
    weight : float array of shape (n_balanced,), mean 1
    class_factor : float array of shape (3,)
        How much more each class counts than in the original rows; 1 for a class without rows.
        Early stopping weighs the rows it watches by it, or it would stop on another loss than
        the one that is minimised; calibration divides by it.
    """

    X: NDArray[np.float32]
    y: NDArray[np.int64]
    weight: NDArray[np.float64]
    class_factor: NDArray[np.float64]


def balance(
    X: NDArray[np.float32], y: NDArray[np.int64], settings: ResamplingSettings, seed: int
) -> Balanced:
    """Oversample and weigh the rows of a training part; nothing else may be given here.

    Raises
    ------
    TrainingError
        SMOTE is asked for and a class has a single row: there is no neighbour to lean on.
    """
    original = {int(c): int(n) for c, n in zip(*np.unique(y, return_counts=True), strict=True)}
    if settings.smote:
        X, y = _smote(X, y, original, settings, seed)
    weight = np.ones(len(y))
    if settings.class_weight:
        classes, inverse, counts = np.unique(y, return_inverse=True, return_counts=True)
        weight = (len(y) / (len(classes) * counts))[inverse]
    factor = np.ones(N_CLASSES)
    for c, n in original.items():
        factor[c] = weight[y == c].sum() / n
    return Balanced(X, y, weight, factor)


def _smote(
    X: NDArray[np.float32],
    y: NDArray[np.int64],
    counts: dict[int, int],
    settings: ResamplingSettings,
    seed: int,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    from imblearn.over_sampling import SMOTE  # 23 MB that a run without it need not carry

    wanted = round(max(counts.values()) * settings.smote_ratio)
    short = {c: wanted for c, n in counts.items() if n < wanted}
    if not short:
        return X, y
    rarest = min(short, key=lambda c: counts[c])
    if counts[rarest] < 2:
        raise TrainingError(
            f"SMOTE got 1 row of {Signal(rarest).name} in a training part, wants at least 2; "
            "use more --days or set resampling.smote to false"
        )
    # Neighbours are sought in units of each feature's spread, or the largest numbers decide.
    scale = X.std(axis=0, dtype=np.float64)
    scale[scale == 0] = 1.0
    sampler = SMOTE(
        sampling_strategy=short,
        k_neighbors=min(settings.smote_neighbors, counts[rarest] - 1),
        random_state=seed,
    )
    resampled, labels = sampler.fit_resample(X / scale, y)
    synthetic = (resampled[len(X) :] * scale).astype(np.float32)
    return np.concatenate([X, synthetic]), labels
