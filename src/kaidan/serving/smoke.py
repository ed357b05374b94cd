"""A model is asked for answers before it is let live: rows like those that it has learnt from."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaidan.artifact.manifest import REFERENCE
from kaidan.artifact.runtime import Runtime, RuntimeRefusal


def smoke_fault(runtime: Runtime, files: Mapping[str, bytes]) -> str:
    """Say why a model must not answer; an empty text when it may.

    Each row is asked for alone, as in production.

    Parameters
    ----------
    runtime : Runtime
    files : mapping of file name to bytes
        The verified bundle that it was opened from.
    """
    try:
        rows = reference_rows(json.loads(files[REFERENCE]), runtime.features)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        return f"has a {REFERENCE} that kaidan did not write ({error}); train a new version"
    try:
        for row in rows:
            runtime.predict(row[None])
    except RuntimeRefusal as error:
        return f"fails on rows like those that it has learnt from: {error}"
    return ""


def reference_rows(reference: Mapping[str, Any], names: Sequence[str]) -> NDArray[np.float64]:
    """The deciles of each feature over the training rows, one row for each decile.

    Parameters
    ----------
    reference : mapping
        As `artifact.reference.training_reference` made it.
    names : sequence of str

    Returns
    -------
    ndarray of shape (n_rows, n_names), at least one row
        A feature with fewer deciles repeats its last; one without any is 0.
    """
    known = reference.get("features", {})
    edges = [known.get(name, {}).get("edges") or [0.0] for name in names]
    n_rows = max(map(len, edges))
    return np.array([[own[min(row, len(own) - 1)] for own in edges] for row in range(n_rows)])
