"""Why an exported tree answers like the native one.

A tree asks `x <= t` with a double t, the graph with a float32. On float32 x the two agree for every
x if, and only if, t is rounded down.
"""

import re

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray


def floor_to_float32(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Largest float32 that is not above each value.

    Parameters
    ----------
    values : ndarray of float64, any shape
        Not NaN. Above the range of float32 the largest float32 is returned.

    Returns
    -------
    ndarray of float32, same shape
        For every float32 `x`: `x <= floor_to_float32(t)` exactly when `x <= t`.
    """
    with np.errstate(over="ignore"):
        nearest = values.astype(np.float32)
        below = np.nextafter(nearest, np.float32(-np.inf))
    return np.where(nearest > values, below, nearest)


def floor_thresholds(booster: lgb.Booster) -> lgb.Booster:
    """Copy of a LightGBM booster, cut at its best iteration, with thresholds that float32 can hold.

    skl2onnx floors the thresholds of a forest itself and XGBoost's are float32 from the start;
    the LightGBM converter rounds to the nearest, which can step over a value of the data.
    """
    text = booster.model_to_string()
    # The header counts the bytes of every tree; without that line LightGBM reads them one by one.
    text = re.sub(r"^tree_sizes=.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^threshold=(.+)$", _floored_line, text, flags=re.MULTILINE)
    return lgb.Booster(model_str=text)


def _floored_line(line: re.Match[str]) -> str:
    floored = floor_to_float32(np.array(line[1].split(), dtype=np.float64))
    return "threshold=" + " ".join(repr(float(value)) for value in floored)
