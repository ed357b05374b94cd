"""Trees as nodes of a graph, by the operator that keeps the least memory.

`TreeEnsemble` (ai.onnx.ml 5) holds interior nodes and leaves apart and names neither; what came
before it has a word and four ids for each node, which onnxruntime keeps twice.
"""

from collections.abc import Sequence

import numpy as np
from onnx import TensorProto, numpy_helper

from kaidan.artifact.graph_parts import GraphParts
from kaidan.artifact.trees import Averaged, Boosted, Tree

_LESS_OR_EQUAL, _LESS = 0, 1  # what a node asks, in the standard's numbers


def add_trees(parts: GraphParts, name: str, rows: str, member: Boosted | Averaged) -> str:
    """Nodes that answer rows with probabilities.

    Parameters
    ----------
    parts : GraphParts
        Added to.
    name : str
        Name of the tree node and prefix of the others.
    rows : str
        Input of shape (n, n_columns), float32.
    member : Boosted or Averaged

    Returns
    -------
    str
        Output of shape (n, n_classes), float32.
    """
    if isinstance(member, Averaged):
        return _averaged(parts, name, rows, member)
    mode = _LESS if member.strict else _LESS_OR_EQUAL
    sums = _ensemble(parts, name, rows, member.trees, member.classes, member.n_classes, mode)
    first = parts.constant(f"{name}_first", member.scores)
    scores = parts.add("Add", f"{name}_scores", sums, first)
    return parts.add("Softmax", f"{name}_softmax", scores, axis=1)


def _averaged(parts: GraphParts, name: str, rows: str, forest: Averaged) -> str:
    # A leaf of the operator says one number. Three of a forest's would take the forest three
    # times; here the number is a row of a table (exact in float32 for the first 2**24 leaves).
    tables = [tree.value[tree.yes < 0] for tree in forest.trees]
    starts = np.cumsum([0, *(len(table) for table in tables[:-1])])
    numbered = [
        tree._replace(value=start + np.cumsum(tree.yes < 0) - 1)
        for tree, start in zip(forest.trees, starts, strict=True)
    ]
    n_trees = len(numbered)
    reached = _ensemble(parts, name, rows, numbered, range(n_trees), n_trees, _LESS_OR_EQUAL)
    places = parts.add("Cast", f"{name}_leaves", reached, to=TensorProto.INT32)
    table = parts.constant(f"{name}_table", np.concatenate(tables))
    said = parts.add("Gather", f"{name}_said", table, places, axis=0)
    return parts.add("ReduceMean", f"{name}_mean", said, axes=[1], keepdims=0)


def _ensemble(
    parts: GraphParts,
    name: str,
    rows: str,
    trees: Sequence[Tree],
    targets: Sequence[int],
    n_targets: int,
    mode: int,
) -> str:
    """Sums of the trees' values by target, of shape (n, n_targets)."""
    grown = [_with_a_root(tree) for tree in trees]
    sizes = np.array([len(tree.yes) for tree in grown])
    starts = np.cumsum(sizes) - sizes
    shift = np.repeat(starts, sizes)
    one = Tree(*(np.concatenate(arrays) for arrays in zip(*grown, strict=True)))
    leaf = one.yes < 0
    inner = ~leaf
    # Nodes and leaves are counted apart.
    position = np.where(leaf, np.cumsum(leaf), np.cumsum(inner)) - 1
    yes, no = (shift + one.yes)[inner], (shift + one.no)[inner]
    return parts.add(
        "TreeEnsemble",
        name,
        rows,
        domain="ai.onnx.ml",
        n_targets=n_targets,
        tree_roots=position[starts].tolist(),
        nodes_featureids=one.column[inner].tolist(),
        nodes_splits=numpy_helper.from_array(one.threshold[inner]),
        nodes_modes=numpy_helper.from_array(np.full(len(yes), mode, dtype=np.uint8)),
        nodes_truenodeids=position[yes].tolist(),
        nodes_trueleafs=leaf[yes].astype(int).tolist(),
        nodes_falsenodeids=position[no].tolist(),
        nodes_falseleafs=leaf[no].astype(int).tolist(),
        leaf_targetids=np.repeat(targets, sizes)[leaf].tolist(),
        leaf_weights=numpy_helper.from_array(one.value[leaf].astype(np.float32)),
    )


def _with_a_root(tree: Tree) -> Tree:
    if tree.yes[0] >= 0:
        return tree
    # The standard's way to write a tree of one leaf: a node with that leaf on both sides.
    to_leaf = np.array([1, -1])
    told = (tree.column, tree.threshold, tree.value, tree.cover)
    twice = [np.repeat(array[:1], 2) for array in told]
    return Tree(to_leaf, to_leaf, *twice)
