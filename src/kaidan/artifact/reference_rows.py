"""A row of features in two numbers: how volatile its market is, and how strange it is."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from kaidan.features.catalogue import CATALOGUE

# Far enough: one broken value should not speak for its row.
_FURTHEST = 10.0
# Positive measures of how far the price moves; each rises with volatility.
VOLATILITY = ("natr_14", "volatility_16", "parkinson_20", "bb_width", "channel_width")


def watched(names: list[str]) -> list[str]:
    """Features whose windows can be compared: stationary, and neither calendar nor daily series.

    What hour it is needs no watching, and a quarter of a daily series is no sample of it.
    """
    return [
        name
        for name in names
        if name in CATALOGUE
        and CATALOGUE[name].stationary
        and CATALOGUE[name].group not in ("time", "macro")
    ]


def row_summaries(features: pd.DataFrame, known: Mapping[str, Any]) -> pd.DataFrame:
    """Two numbers a row, in standard deviations of the training rows.

    Parameters
    ----------
    features : DataFrame of shape (n_rows, n_features)
    known : mapping
        `features` of a training reference.

    Returns
    -------
    DataFrame of shape (n_rows, 2)
        `volatility`, the mean distance of the measures of volatility, with its sign; `novelty`,
        the root mean square distance of all watched features. NaN where nothing is known.
    """
    names = [name for name in watched(list(features.columns)) if known.get(name, {}).get("std")]
    mean = np.array([known[name]["mean"] for name in names])
    std = np.array([known[name]["std"] for name in names])
    far = (features[names].to_numpy(dtype=np.float64) - mean) / std
    far = pd.DataFrame(np.clip(far, -_FURTHEST, _FURTHEST), features.index, names)
    return pd.DataFrame(
        {
            "volatility": far[[name for name in VOLATILITY if name in names]].mean(axis=1),
            "novelty": np.sqrt((far**2).mean(axis=1)),
        }
    )
