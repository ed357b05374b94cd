"""SHAP values of a member's trees, in the scores that the trees add up to.

Exact, by the path that a row takes and the rows that were trained on (Lundberg et al., From local
explanations to global understanding with explainable AI for trees, 2020).
"""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaidan.artifact.trees import Averaged, Boosted, Tree

Rows = NDArray[np.float32]


def tree_shap(trees: Boosted | Averaged, rows: Rows) -> tuple[NDArray[Any], NDArray[Any]]:
    """What each column adds to the scores of each row.

    Parameters
    ----------
    trees : Boosted or Averaged
    rows : ndarray of float32, shape (n, n_columns)

    Returns
    -------
    base : ndarray of float, shape (n_classes,)
        Mean score over what the trees were fitted on: log-odds of boosted trees, which are not
        normalised, and probabilities of averaged ones.
    values : ndarray of float, shape (n, n_columns, n_classes)
        `base + values.sum(axis=1)` are the rows' scores.
    """
    if isinstance(trees, Averaged):
        return _shap(trees.trees, rows, trees.n_classes, strict=False, scale=1 / len(trees.trees))
    base = trees.scores.astype(np.float64)
    values = np.zeros((*rows.shape, trees.n_classes))
    for scored in sorted(set(trees.classes)):
        own = [tree for tree, k in zip(trees.trees, trees.classes, strict=True) if k == scored]
        mean, said = _shap(own, rows, 1, strict=trees.strict, scale=1.0)
        base[scored] += mean[0]
        values[:, :, scored] = said[:, :, 0]
    return base, values


def _shap(
    trees: Sequence[Tree], rows: Rows, n_outputs: int, *, strict: bool, scale: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    told = [_told(tree, strict=strict, scale=scale) for tree in trees]
    mean = np.sum([_mean(tree) for tree in told], axis=0)
    # A tree of one leaf says the same of every row.
    split = [tree for tree in told if len(tree["values"]) > 1]
    if not split:
        return mean, np.zeros((*rows.shape, n_outputs))
    with warnings.catch_warnings():
        # Its colours are made in a way that matplotlib will give up; they are not used here.
        warnings.filterwarnings("ignore", category=PendingDeprecationWarning, message=".*set_bad")
        warnings.filterwarnings("ignore", category=PendingDeprecationWarning, message=".*set_over")
        warnings.filterwarnings("ignore", category=PendingDeprecationWarning, message=".*set_under")
        from shap import TreeExplainer
    explainer = TreeExplainer({"trees": split}, feature_perturbation="tree_path_dependent")
    found = explainer.shap_values(rows.astype(np.float64), check_additivity=False)
    return mean, np.asarray(found).reshape(*rows.shape, n_outputs)


def _told(tree: Tree, *, strict: bool, scale: float) -> dict[str, Any]:
    """A tree in SHAP's words: the left child is where `x <= threshold`."""
    threshold = np.nextafter(tree.threshold, np.float32(-np.inf)) if strict else tree.threshold
    return {
        "children_left": tree.yes,
        "children_right": tree.no,
        "children_default": tree.yes,  # rows have no missing values
        "features": tree.column,
        "thresholds": threshold.astype(np.float64),
        "values": scale * tree.value.reshape(len(tree.yes), -1).astype(np.float64),
        "node_sample_weight": tree.cover.astype(np.float64),
    }


def _mean(told: dict[str, Any]) -> NDArray[Any]:
    leaf = told["children_left"] < 0
    return np.asarray(
        np.average(told["values"][leaf], axis=0, weights=told["node_sample_weight"][leaf])
    )
