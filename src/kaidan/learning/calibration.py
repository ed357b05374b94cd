"""Resampling and class weights distort probabilities; this mends them before they are voted on.

What they did to the class shares is known and undone exactly; the rest is learnt out of fold.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from kaidan.signal import N_CLASSES

# A forest says 0 for what it never saw; its logarithm must stay a number.
SMALLEST = 1e-6
# How far the map is believed to be from the identity before any row is seen (one standard
# deviation of each entry), and how many neighbouring rows count as one observation: labels share
# their future for a horizon, and a market keeps its mood for a day or more. Without the two, the
# few weeks of a first fold teach the map that mood: on one window of 2023 at 0.6 nats a bar.
PRIOR_SPREAD = 0.1
ROWS_PER_OBSERVATION = 96


@dataclass(frozen=True)
class Calibration:
    """Multinomial logistic map of log-probabilities: `softmax(matrix @ log p + bias)`.

    Also known as Dirichlet calibration (Kull et al., NeurIPS 2019).

    Attributes
    ----------
    matrix : float array of shape (3, 3)
    bias : float array of shape (3,)
    """

    matrix: NDArray[np.float64]
    bias: NDArray[np.float64]

    def apply(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mend probabilities of shape (n_rows, 3)."""
        return np.asarray(softmax(_log(probabilities) @ self.matrix.T + self.bias, axis=1))


def fit_calibration(
    probabilities: NDArray[np.float64], y: NDArray[np.int64], class_factor: NDArray[np.float64]
) -> Calibration:
    """Fit on predictions for rows that the predicting model was not trained on.

    First the class shares: a class that counted `f` times as much in training is divided by `f`
    (Elkan, The foundations of cost-sensitive learning, IJCAI 2001). Then the most probable map
    under a normal prior around the identity.

    Parameters
    ----------
    probabilities : float array of shape (n_rows, 3)
    y : int array of shape (n_rows,)
        Signals that came true.
    class_factor : float array of shape (3,)
        How much more each class counted in training than in the rows as they came.
    """
    shift = np.log(class_factor)
    logs = _log(probabilities) - shift
    hits = np.eye(N_CLASSES)[y]
    identity = np.eye(N_CLASSES)

    def cost(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        matrix, bias = flat[:-N_CLASSES].reshape(N_CLASSES, N_CLASSES), flat[-N_CLASSES:]
        said = log_softmax(logs @ matrix.T + bias, axis=1)
        error = (np.exp(said) - hits) / ROWS_PER_OBSERVATION
        away = np.concatenate([(matrix - identity).ravel(), bias])
        value = -(hits * said).sum() / ROWS_PER_OBSERVATION + (away**2).sum() / (
            2 * PRIOR_SPREAD**2
        )
        slope = np.concatenate([(error.T @ logs).ravel(), error.sum(axis=0)])
        return float(value), slope + away / PRIOR_SPREAD**2

    start = np.concatenate([identity.ravel(), np.zeros(N_CLASSES)])
    found = minimize(cost, start, jac=True, method="L-BFGS-B").x
    matrix = found[:-N_CLASSES].reshape(N_CLASSES, N_CLASSES)
    return Calibration(matrix, found[-N_CLASSES:] - matrix @ shift)


def _log(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.log(np.clip(probabilities, SMALLEST, 1.0))
