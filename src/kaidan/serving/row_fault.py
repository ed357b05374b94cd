"""Why a level cannot answer a row, in words: for one row and for many."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

_N_NAMED = 3


def row_fault(
    names: Sequence[str],
    missing: Collection[str],
    finite: NDArray[np.bool_],
    stale: Collection[str],
) -> str:
    """Say what is wrong with a row; an empty text when nothing is.

    Parameters
    ----------
    names : sequence of str
        What the level needs, in order.
    missing : collection of str
        Those of them that the row has not.
    finite : ndarray of bool, shape (n_names,)
        Whether each value is; that of a missing one counts for nothing.
    stale : collection of str
        Features whose value is too old.
    """
    old = [name for name in names if name in stale and name not in missing]
    # What is stale has no value because of that: one reason is enough.
    broken = [
        name
        for name, sound in zip(names, finite, strict=True)
        if not (sound or name in missing or name in stale)
    ]
    said = [
        f"{what}: {_named(found)}"
        for what, found in (
            ("missing", [name for name in names if name in missing]),
            ("not finite", broken),
            ("stale", old),
        )
        if found
    ]
    return ", ".join(said)


def _named(names: list[str]) -> str:
    more = len(names) - _N_NAMED
    return ", ".join(names[:_N_NAMED]) + (f" and {more} more" if more > 0 else "")
