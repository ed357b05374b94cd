"""A graph that verifies and yet asks for more than its own bytes is refused."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from kaidan.artifact.runtime import RuntimeRefusal, open_session

WEIGHTS = np.array([1, 2, 3], dtype=np.float32)


def external(location: str) -> TensorProto:
    """Weights that lie in a file."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=WEIGHTS.shape)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, "offset": "0", "length": "12"}.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def model(nodes: list, initializers: list, domain: str = "") -> bytes:
    whole = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, 3])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 3])],
        initializers,
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(domain or "ai.onnx.ml", 1)]
    return helper.make_model(whole, ir_version=8, opset_imports=opsets).SerializeToString()


def added(weights: str, *before: object, initializers: list) -> bytes:
    add = helper.make_node("Add", ["features", weights], ["probabilities"])
    return model([*before, add], initializers)


def as_initializer(tensor: TensorProto) -> bytes:
    return added("w", initializers=[tensor])


def as_constant(tensor: TensorProto) -> bytes:
    return added("w", helper.make_node("Constant", [], ["w"], value=tensor), initializers=[])


def in_a_branch(tensor: TensorProto) -> bytes:
    """The one place in which onnxruntime, left alone, reads a file of the working directory."""
    said = helper.make_tensor_value_info("said", TensorProto.FLOAT, [3])
    same = helper.make_node("Identity", ["w"], ["said"])
    branches = {
        name: helper.make_graph([same], name, [], [said], [tensor])
        for name in ("then_branch", "else_branch")
    }
    choice = helper.make_node("If", ["yes"], ["x"], **branches)
    return added("x", choice, initializers=[numpy_helper.from_array(np.array(True), "yes")])


@pytest.mark.parametrize("place", [as_initializer, as_constant, in_a_branch])
@pytest.mark.parametrize("location", ["w.bin", "./sub/../w.bin", "../here/w.bin", "{}/w.bin", ""])
def test_weights_in_a_file_are_refused_though_the_file_is_there(
    place, location, tmp_path, monkeypatch
):
    here = tmp_path / "here"
    (here / "sub").mkdir(parents=True)
    WEIGHTS.tofile(here / "w.bin")
    monkeypatch.chdir(here)
    with pytest.raises(RuntimeRefusal, match="cannot open the graph") as refused:
        open_session(place(external(location.format(here))))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("place", [as_initializer, as_constant, in_a_branch])
def test_the_same_weights_inside_the_graph_are_answered_with(place):
    session = open_session(place(numpy_helper.from_array(WEIGHTS, "w")))
    zeros = np.zeros((1, 3), dtype=np.float32)
    np.testing.assert_array_equal(session.run(None, {"features": zeros})[0], WEIGHTS[None])


@pytest.mark.parametrize("domain", ["", "com.microsoft", "of.somebody"])
def test_an_operator_that_onnxruntime_does_not_bring_is_refused(domain):
    node = helper.make_node("Conjure", ["features"], ["probabilities"], domain=domain)
    with pytest.raises(RuntimeRefusal, match=r"cannot open the graph: .*Conjure") as refused:
        open_session(model([node], [], domain))
    assert "\n" not in str(refused.value)


def test_a_graph_of_the_operator_that_older_versions_hold_still_answers():
    trees = helper.make_node(
        "TreeEnsembleClassifier",
        ["features"],
        ["label", "probabilities"],
        domain="ai.onnx.ml",
        nodes_treeids=[0, 0, 0],
        nodes_nodeids=[0, 1, 2],
        nodes_featureids=[0, 0, 0],
        nodes_values=[0.5, 0.0, 0.0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"],
        nodes_truenodeids=[1, 0, 0],
        nodes_falsenodeids=[2, 0, 0],
        class_treeids=[0, 0, 0, 0],
        class_nodeids=[1, 1, 2, 2],
        class_ids=[0, 1, 1, 2],
        class_weights=[0.25, 0.75, 0.5, 0.5],
        classlabels_int64s=[0, 1, 2],
    )
    rows = np.array([[0, 0, 0], [1, 0, 0]], dtype=np.float32)
    answer = open_session(model([trees], [])).run(["probabilities"], {"features": rows})[0]
    assert answer.tolist() == [[0.25, 0.75, 0.0], [0.0, 0.5, 0.5]]


def test_a_session_keeps_no_arena():
    same = helper.make_node("Identity", ["features"], ["probabilities"])
    assert not open_session(model([same], [])).get_session_options().enable_cpu_mem_arena
