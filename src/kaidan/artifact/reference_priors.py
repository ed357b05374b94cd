"""What a trader could know for free of the training rows: who scores live needs no other data."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaidan.evaluation.baselines import N_BINS, Known, class_prior, volatility_prior


def reference_priors(y: NDArray[np.int64], volatility: NDArray[np.float64]) -> dict[str, Any]:
    """Class shares of the training rows, over all and by decile of volatility.

    They are what `evaluation.baselines` would answer, with its smoothing.

    Parameters
    ----------
    y : int array of shape (n_rows,)
        Signals that came true.
    volatility : float array of shape (n_rows,)
        `natr_14`, in percent of the price.

    Returns
    -------
    dict
        Plain JSON: `class_shares` (3); `volatility_edges` (9), the inner deciles; and
        `volatility_shares` (10 x 3), row i for a volatility that `numpy.searchsorted` puts at i.
    """
    edges = np.quantile(volatility, np.linspace(0, 1, N_BINS + 1)[1:-1])
    known = Known(previous=np.full(len(y), np.nan), volatility=volatility)
    # One row for each bin: its upper edge lies in it, and the last has none.
    bins = Known(np.full(N_BINS, np.nan), np.append(edges, np.inf))
    return {
        "class_shares": class_prior(y, known, bins)[0].tolist(),
        "volatility_edges": edges.tolist(),
        "volatility_shares": volatility_prior(y, known, bins).tolist(),
    }
