import hashlib
import importlib.metadata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kaidan.artifact.package import log_arguments
from kaidan.errors import ArtifactError
from tests.artifact.hard_members import NAMES

pytestmark = pytest.mark.usefixtures("mlflow")


@pytest.fixture
def arguments(bundle, frame) -> dict:
    shuffled = frame[NAMES[::-1]].assign(extra=1.0)
    return log_arguments(bundle[0], example=shuffled.head(3), model_sha256=bundle[1])


def test_the_signature_asks_for_every_feature_in_order_as_a_double(arguments):
    inputs = arguments["signature"].inputs
    assert inputs.input_names() == NAMES
    assert all(column.required and column.type.name == "double" for column in inputs)


def test_the_signature_promises_signal_confidence_and_probabilities(arguments):
    outputs = arguments["signature"].outputs
    assert outputs.input_names() == ["signal", "confidence", "p_sell", "p_hold", "p_buy"]


def test_the_example_holds_the_features_in_order(arguments, frame):
    pd.testing.assert_frame_equal(arguments["input_example"], frame.head(3))


def test_only_what_the_runtime_and_mlflow_need_is_required_at_installed_versions(arguments):
    assert arguments["pip_requirements"] == [
        f"{name}=={importlib.metadata.version(name)}"
        for name in ("mlflow", "numpy", "pandas", "onnxruntime")
    ]


def test_bundle_and_runtime_are_named_by_their_hashes(arguments, bundle):
    runtime = Path(arguments["artifacts"]["runtime"]).read_bytes()
    assert arguments["model_config"] == {
        "model_sha256": bundle[1],
        "runtime_sha256": hashlib.sha256(runtime).hexdigest(),
    }


def test_an_example_without_a_feature_is_refused_by_name(bundle, frame):
    with pytest.raises(ArtifactError, match="not logged: 1 of 7 features are missing: swing"):
        log_arguments(bundle[0], example=frame.drop(columns="swing"), model_sha256=bundle[1])


def test_an_example_that_cannot_be_answered_is_refused(bundle, frame):
    with pytest.raises(ArtifactError, match="feature price of row 0 is nan"):
        log_arguments(bundle[0], example=frame.assign(price=np.nan), model_sha256=bundle[1])


def test_another_bundle_than_the_one_that_was_written_is_refused(bundle, frame):
    with pytest.raises(ArtifactError, match=r"is model .* wanted 0000"):
        log_arguments(bundle[0], example=frame, model_sha256="0" * 64)
