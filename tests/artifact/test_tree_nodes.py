"""Trees of a few nodes, whose answers can be told by hand."""

import numpy as np
import onnx
from onnx import TensorProto, helper
from scipy.special import softmax

from kaidan.artifact.graph_parts import GraphParts
from kaidan.artifact.runtime import open_session
from kaidan.artifact.tree_nodes import add_trees
from kaidan.artifact.trees import Averaged, Boosted, Tree

ROWS = np.array([[0.0, 5.0], [1.0, 5.0], [2.0, 5.0], [2.0, -5.0]], dtype=np.float32)


def tree(yes: list, no: list, column: list, threshold: list, value: list) -> Tree:
    as_float = np.array(threshold, dtype=np.float32)
    cover = np.ones(len(yes), dtype=np.float32)
    return Tree(np.array(yes), np.array(no), np.array(column), as_float, np.array(value), cover)


def split_at_one(below: object, above: object) -> Tree:
    return tree([1, -1, -1], [2, -1, -1], [0, 0, 0], [1, 0, 0], [below, below, above])


def leaf(value: object) -> Tree:
    return tree([-1], [-1], [0], [0], [value])


def graph_of(member: Boosted | Averaged) -> onnx.ModelProto:
    parts = GraphParts()
    said = add_trees(parts, "member", "features", member)
    graph = helper.make_graph(
        parts.nodes,
        "graph",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info(said, TensorProto.FLOAT, [None, member.n_classes])],
        parts.constants,
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 5)]
    return helper.make_model(graph, ir_version=10, opset_imports=opsets)


def answers(member: Boosted | Averaged) -> np.ndarray:
    session = open_session(graph_of(member).SerializeToString())
    return session.run(None, {"features": ROWS})[0]


def test_boosted_trees_add_to_the_scores_of_their_classes():
    member = Boosted(
        (split_at_one(0.5, -1.0), leaf(0.25), split_at_one(2.0, 3.0)),
        classes=(0, 2, 0),
        scores=np.array([0.1, 0.2, 0.3]),
        strict=False,
    )
    low, high = [2.6, 0.2, 0.55], [2.1, 0.2, 0.55]
    expected = softmax([low, low, high, high], axis=1)
    np.testing.assert_allclose(answers(member), expected, atol=1e-7)


def test_a_strict_test_does_not_hold_at_its_threshold():
    member = Boosted((split_at_one(1.0, -1.0),), (1,), np.zeros(2), strict=True)
    sell = 1 / (1 + np.exp([1.0, -1.0, -1.0, -1.0]))
    np.testing.assert_allclose(answers(member)[:, 0], sell, atol=1e-7)


def test_averaged_trees_answer_their_mean():
    deep = tree(
        [1, -1, 3, -1, -1],
        [2, -1, 4, -1, -1],
        [0, 0, 1, 0, 0],
        [0.5, 0, 0.0, 0, 0],
        [[9, 9], [1, 0], [9, 9], [0.25, 0.75], [0, 1]],
    )
    member = Averaged((deep, leaf([0.5, 0.5])))
    expected = [[0.75, 0.25], [0.25, 0.75], [0.25, 0.75], [0.375, 0.625]]
    np.testing.assert_allclose(answers(member), expected, atol=1e-7)


def test_trees_of_one_leaf_say_the_same_of_every_row():
    member = Averaged((leaf([0.2, 0.3, 0.5]), leaf([0.4, 0.3, 0.3])))
    np.testing.assert_allclose(answers(member), [[0.3, 0.3, 0.4]] * len(ROWS), atol=1e-7)


def test_a_forest_is_written_once_whatever_the_number_of_classes():
    member = Averaged((split_at_one([1, 0, 0], [0, 0.5, 0.5]),) * 4)
    (node,) = [n for n in graph_of(member).graph.node if n.op_type == "TreeEnsemble"]
    written = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    assert len(written["nodes_featureids"]) == 4
    assert len(written["leaf_targetids"]) == 8
