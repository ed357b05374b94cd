"""What a model was trained on, small enough to travel with it.

Whoever serves it can say how far today's inputs are from it without the training data.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_DECILES = np.arange(1, 10) / 10


def training_reference(features: pd.DataFrame) -> dict[str, Any]:
    """Distribution of each feature over the training rows.

    Parameters
    ----------
    features : DataFrame of shape (n_rows, n_features)
        A value that is NaN or infinite counts as missing.

    Returns
    -------
    dict
        Plain JSON: `n_rows`, and by name under `features`:
        `edges`, the inner deciles without doubles, ascending;
        `shares`, one more than edges, the part of the present values in
        (-inf, e0], (e0, e1], ..., (e_last, inf);
        `missing_share`; `mean` and `std` (population) of the present values.
        Without a present value `edges` and `shares` are empty, `mean` and `std` None.
    """
    return {
        "n_rows": len(features),
        "features": {
            str(name): _distribution(column.to_numpy(dtype=np.float64))
            for name, column in features.items()
        },
    }


def _distribution(values: NDArray[np.float64]) -> dict[str, Any]:
    present = values[np.isfinite(values)]
    if present.size == 0:
        return {"edges": [], "shares": [], "missing_share": 1.0, "mean": None, "std": None}
    # A decile is a value that occurred, so that a flag has the edges 0 and 1 and nothing between.
    edges = np.unique(np.quantile(present, _DECILES, method="inverted_cdf"))
    counts = np.bincount(np.searchsorted(edges, present, side="left"), minlength=len(edges) + 1)
    return {
        "edges": edges.tolist(),
        "shares": (counts / present.size).tolist(),
        "missing_share": 1 - present.size / values.size,
        "mean": float(present.mean()),
        "std": float(present.std()),
    }
