"""Calibration mends what resampling distorts."""

import numpy as np

from kaidan.evaluation.scores import score
from kaidan.learning.calibration import fit_calibration

NONE = np.ones(3)


def outcomes(seed: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """True probabilities, and classes drawn from them."""
    rng = np.random.default_rng(seed)
    true = rng.dirichlet([2, 6, 2], size=n)
    return true, (true.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)


def test_probabilities_distorted_by_class_weights_are_mended_without_any_row() -> None:
    true, _ = outcomes(0, 50)
    factor = np.array([6.0, 1.0, 3.0])
    distorted = true * factor / (true * factor).sum(axis=1, keepdims=True)
    nothing = np.empty((0, 3)), np.empty(0, dtype=np.int64)
    mended = fit_calibration(*nothing, factor).apply(distorted)
    assert np.allclose(mended, true, atol=1e-4)


def test_overconfident_probabilities_are_mended_from_outcomes() -> None:
    true, y = outcomes(1, 200_000)
    sharp = true**2 / (true**2).sum(axis=1, keepdims=True)
    half = slice(100_000), slice(100_000, None)
    mended = fit_calibration(sharp[half[0]], y[half[0]], NONE).apply(sharp[half[1]])
    assert score(y[half[1]], sharp[half[1]]).ece > 0.08
    assert score(y[half[1]], mended).ece < 0.03


def test_a_few_days_of_one_mood_hardly_move_it() -> None:
    true, _ = outcomes(2, 400)
    mood = np.full(400, 1)  # four days in which the price stood still
    mended = fit_calibration(true, mood, NONE).apply(true)
    assert np.abs(mended - true).mean() < 0.05


def test_the_result_is_a_distribution_even_for_zeros() -> None:
    p = np.eye(3)[np.array([0, 1, 2, 0])]
    y = np.repeat([0, 1, 2, 1], 20)
    mended = fit_calibration(np.repeat(p, 20, axis=0), y, NONE).apply(p)
    assert np.isfinite(mended).all()
    assert np.allclose(mended.sum(axis=1), 1)
