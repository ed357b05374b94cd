import ast
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from kaidan.artifact import runtime as runtime_module
from kaidan.artifact.manifest import write_bundle
from kaidan.artifact.runtime import Runtime, RuntimeRefusal
from tests.artifact.hard_members import NAMES, native, yen_rows


@pytest.fixture
def runtime(bundle) -> Runtime:
    return Runtime.open(bundle[0], expected_sha256=bundle[1])


@pytest.fixture
def rows() -> np.ndarray:
    return yen_rows(100, seed=30)[0]


def test_an_opened_bundle_says_what_it_is(runtime, bundle, parts):
    assert runtime.features == tuple(NAMES)
    assert runtime.level == 2
    assert runtime.contract_sha256 == "c" * 64
    assert runtime.model_sha256 == bundle[1]
    assert runtime.classes == ("SELL", "HOLD", "BUY")
    assert runtime.confidence_threshold == 0.45
    assert runtime.contract["weights"] == parts["metadata"]["weights"]


def test_it_answers_like_the_members(runtime, members, rows):
    expected = native(members, rows[:, :6])
    np.testing.assert_allclose(runtime.predict(rows), expected, rtol=0, atol=1e-5)


def test_rows_in_double_are_cast_to_what_the_model_was_trained_on(runtime, rows):
    np.testing.assert_array_equal(
        runtime.predict(rows.astype(np.float64).tolist()), runtime.predict(rows)
    )


def test_no_rows_have_no_answers(runtime):
    assert runtime.predict(np.empty((0, 7))).shape == (0, 3)


def test_more_threads_answer_the_same(bundle, runtime, rows):
    more = Runtime.open(bundle[0], threads=2)
    np.testing.assert_allclose(more.predict(rows), runtime.predict(rows), rtol=0, atol=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e39])
def test_a_value_that_float32_cannot_hold_is_refused_by_name(runtime, rows, value):
    broken = rows.astype(np.float64)
    broken[4, 3] = value
    with pytest.raises(RuntimeRefusal, match=r"feature trend of row 4 is .*not finite"):
        runtime.predict(broken)


@pytest.mark.parametrize("shape", [(7,), (2, 6), (2, 8), (1, 1, 7)])
def test_another_width_is_refused(runtime, shape):
    with pytest.raises(RuntimeRefusal, match=r"wanted \(n, 7\)"):
        runtime.predict(np.zeros(shape))


def test_words_are_refused(runtime):
    with pytest.raises(RuntimeRefusal, match="must be numbers"):
        runtime.predict([["a"] * 7])


@pytest.mark.parametrize(
    "answer", [[0.5, 0.5, 0.5], [1.5, -0.5, 0.0], [np.nan, 0.5, 0.5], [np.inf, 0.0, 0.0]]
)
def test_an_answer_that_is_no_distribution_is_refused(tmp_path, parts, answer):
    sha256 = write_bundle(tmp_path / "odd", **parts | {"graph": graph_that_answers(answer)})
    odd = Runtime.open(tmp_path / "odd", expected_sha256=sha256)
    with pytest.raises(RuntimeRefusal, match="not a probability distribution"):
        odd.predict(np.zeros((2, 7)))


def test_a_session_that_fails_is_a_refusal(tmp_path, parts):
    write_bundle(tmp_path / "odd", **parts | {"graph": graph_that_answers([1, 0, 0], rows=5)})
    odd = Runtime.open(tmp_path / "odd")
    with pytest.raises(RuntimeRefusal, match="the session failed") as caught:
        odd.predict(np.zeros((2, 7)))
    assert "\n" not in str(caught.value)


def test_the_most_probable_class_answers_unless_it_is_too_improbable(runtime):
    decided, confidence = runtime.decide(
        np.array([[0.5, 0.3, 0.2], [0.44, 0.13, 0.43], [0.1, 0.2, 0.7], [0.275, 0.45, 0.275]])
    )
    assert [runtime.classes[place] for place in decided] == ["SELL", "HOLD", "BUY", "HOLD"]
    assert confidence.tolist() == [0.5, 0.13, 0.7, 0.45]


def test_columns_are_found_by_name_in_any_order(runtime):
    names = ["extra", *reversed(NAMES), "extra"]
    assert [names[place] for place in runtime.order(names)] == NAMES


def test_missing_features_are_named(runtime):
    with pytest.raises(RuntimeRefusal, match="2 of 7 features are missing: flag, noise"):
        runtime.order([name for name in NAMES if name not in {"flag", "noise"}])


def test_a_feature_given_twice_is_refused(runtime):
    with pytest.raises(RuntimeRefusal, match="feature flag is given twice"):
        runtime.order([*NAMES, "flag"])


def test_the_runtime_imports_the_standard_library_numpy_and_onnxruntime_only():
    tree = ast.parse(Path(runtime_module.__file__).read_text(encoding="utf-8"))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add(str(node.module).split(".")[0])
    assert imported - set(sys.stdlib_module_names) == {"numpy", "onnxruntime"}


def test_the_runtime_answers_where_nothing_else_is_installed(bundle, tmp_path, runtime, rows):
    np.save(tmp_path / "rows.npy", rows)
    script = (
        "import runpy, sys\n"
        "blocked = ('kaidan', 'pandas', 'mlflow', 'sklearn', 'lightgbm', 'xgboost', 'onnx')\n"
        "sys.modules.update(dict.fromkeys(blocked))\n"
        "import numpy as np\n"
        "source, folder, sha256, rows = sys.argv[1:]\n"
        "opened = runpy.run_path(source)['Runtime'].open(folder, expected_sha256=sha256)\n"
        "print(opened.predict(np.load(rows)).tolist())\n"
    )
    source = runtime_module.__file__
    arguments = [source, str(bundle[0]), bundle[1], str(tmp_path / "rows.npy")]
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], check=True, capture_output=True, text=True
    )
    assert json.loads(done.stdout) == runtime.predict(rows).tolist()


def graph_that_answers(answer: list[float], rows: int | None = None) -> bytes:
    """Sum of the features x 0 + `answer`; with `rows`, only inputs of so many rows can be added."""
    zeros = helper.make_tensor("zeros", TensorProto.FLOAT, [7, 3], [0.0] * 21)
    shape = [rows or 1, 3]
    fixed = helper.make_tensor("fixed", TensorProto.FLOAT, shape, answer * shape[0])
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["features", "zeros"], ["nothing"]),
            helper.make_node("Add", ["nothing", "fixed"], ["probabilities"]),
        ],
        "fixed",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, 7])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 3])],
        [zeros, fixed],
    )
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    onnx.checker.check_model(model)
    return model.SerializeToString()
