"""All that a bundle keeps of its training rows: features, rows as a whole, answers and priors."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaidan.artifact.reference import training_reference
from kaidan.artifact.reference_priors import reference_priors
from kaidan.artifact.reference_rows import row_summaries, watched
from kaidan.artifact.reference_windows import window_spread


def full_reference(
    features: pd.DataFrame, y: NDArray[np.int64], answers: pd.DataFrame
) -> dict[str, Any]:
    """What is kept of the training rows.

    Parameters
    ----------
    features : DataFrame of shape (n_rows, n_features)
    y : int array of shape (n_rows,)
    answers : DataFrame of shape (n_answers, 3)
        `answer_columns` of out-of-fold answers, in time order.

    Returns
    -------
    dict
        That of `training_reference`, with `windows`; `row` and `answers`, the same of the row
        summaries and of the answers; and `priors`.
    """
    own = training_reference(features)
    return {
        **own,
        "windows": window_spread(features[watched(list(features.columns))], own),
        "row": _family(row_summaries(features, own["features"])),
        "answers": _family(answers),
        "priors": reference_priors(y, features["natr_14"].to_numpy(dtype=np.float64)),
    }


def _family(frame: pd.DataFrame) -> dict[str, Any]:
    own = training_reference(frame)
    return {**own, "windows": window_spread(frame, own)}
