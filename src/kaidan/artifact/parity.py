"""What is trained is what is served: the graph against the native members on the same rows.

This measures; the gates judge.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kaidan.artifact.runtime import open_session
from kaidan.errors import ArtifactError

_CHUNK = 2048  # rows; what one answer needs of memory is never given back


@dataclass(frozen=True)
class Parity:
    """How far the exported graph is from the native members.

    Parameters
    ----------
    n_rows : int
    max_difference : float
        Largest absolute difference of a probability.
    argmax_flips : int
        Rows whose most probable class differs.
    """

    n_rows: int
    max_difference: float
    argmax_flips: int


def check_parity(
    graph: bytes,
    native_probabilities: NDArray[np.float64],
    features: NDArray[np.float32],
) -> Parity:
    """Compare the graph with the native members, row by row.

    Parameters
    ----------
    graph : bytes
        What `export_graph` returned.
    native_probabilities : ndarray of shape (n, 3)
        The native ensemble's answer on `features`.
    features : ndarray of float32, shape (n, n_features)

    Returns
    -------
    Parity

    Raises
    ------
    ArtifactError
        There is nothing to compare, the shapes differ, or an answer is not finite.
    """
    if len(features) == 0 or len(features) != len(native_probabilities):
        raise ArtifactError(
            f"got {len(native_probabilities)} native answers on {len(features)} rows; "
            "parity needs one answer on each of at least one row"
        )
    session = open_session(graph)
    served = np.concatenate(
        [
            session.run(None, {"features": features[start : start + _CHUNK]})[0]
            for start in range(0, len(features), _CHUNK)
        ]
    )
    if served.shape != native_probabilities.shape:
        raise ArtifactError(
            f"the graph answers {served.shape}, the members {native_probabilities.shape}; "
            "export the members that gave these answers"
        )
    difference = float(np.abs(served - native_probabilities).max())
    if not np.isfinite(difference):
        raise ArtifactError("an answer is not finite; parity needs rows that can be answered")
    flips = served.argmax(axis=1) != native_probabilities.argmax(axis=1)
    return Parity(len(features), difference, int(flips.sum()))
