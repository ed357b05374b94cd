"""Fitted trees as plain arrays: one form for what three libraries keep in three."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Tree(NamedTuple):
    """One tree of n nodes, the root first.

    Attributes
    ----------
    yes, no : ndarray of int, shape (n,)
        Node that a row goes on to where this node's test holds, and where not; negative at a leaf.
    column, threshold : ndarray of int and of float32, shape (n,)
        What the test compares; anything at a leaf.
    value : ndarray of float, shape (n,) or (n, n_classes)
        What a leaf says; anything elsewhere.
    cover : ndarray of float32, shape (n,)
        How much of what the tree was fitted on came to each node, in the library's own measure
        (rows, or a booster's sum of hessians); what is served does not need it.
    """

    yes: NDArray[np.integer[Any]]
    no: NDArray[np.integer[Any]]
    column: NDArray[np.integer[Any]]
    threshold: NDArray[np.float32]
    value: NDArray[np.floating[Any]]
    cover: NDArray[np.float32]


@dataclass(frozen=True)
class Boosted:
    """Trees that add up to scores, of which the softmax is the answer.

    Attributes
    ----------
    trees : tuple of Tree
        At least one; values of shape (n,).
    classes : tuple of int
        The class whose score each tree adds to. With two classes only the second one is scored.
    scores : ndarray of float, shape (n_classes,)
        Scores before the first tree.
    strict : bool
        A test is `x < threshold`; otherwise `x <= threshold`.
    """

    trees: tuple[Tree, ...]
    classes: tuple[int, ...]
    scores: NDArray[np.float64]
    strict: bool

    @property
    def n_classes(self) -> int:
        """How many probabilities a row is answered with."""
        return len(self.scores)


@dataclass(frozen=True)
class Averaged:
    """Trees of probabilities, of which the mean is the answer.

    Attributes
    ----------
    trees : tuple of Tree
        At least one; values of shape (n, n_classes), tests are `x <= threshold`.
    """

    trees: tuple[Tree, ...]

    @property
    def n_classes(self) -> int:
        """How many probabilities a row is answered with."""
        return int(self.trees[0].value.shape[1])
