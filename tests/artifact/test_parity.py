import numpy as np
import pytest

from kaidan.artifact.parity import Parity, check_parity
from kaidan.artifact.runtime import open_session
from kaidan.errors import ArtifactError
from tests.artifact.hard_members import yen_rows


@pytest.fixture
def rows() -> np.ndarray:
    return yen_rows(200, seed=20)[0]


@pytest.fixture
def served(graph, rows) -> np.ndarray:
    return open_session(graph).run(None, {"features": rows})[0].astype(np.float64)


def test_equal_answers_have_no_difference_and_no_flip(graph, rows, served):
    assert check_parity(graph, served, rows) == Parity(200, 0.0, 0)


def test_the_largest_difference_and_every_flip_are_counted(graph, rows, served):
    native = served.copy()
    native[3] = native[3, [1, 2, 0]]
    native[7, 0] += 1e-3 if native[7].argmax() == 0 else -1e-3
    found = check_parity(graph, native, rows)
    assert found.argmax_flips == 1
    assert found.max_difference == pytest.approx(np.abs(native[3] - served[3]).max())


@pytest.mark.parametrize("n_rows", [0, 199])
def test_rows_without_their_answers_are_refused(graph, rows, served, n_rows):
    with pytest.raises(ArtifactError, match="one answer on each"):
        check_parity(graph, served[: n_rows + 1], rows[:n_rows])


def test_answers_of_another_width_are_refused(graph, rows, served):
    with pytest.raises(ArtifactError, match="export the members"):
        check_parity(graph, served[:, :2], rows)


def test_a_native_answer_that_is_not_finite_is_refused(graph, rows, served):
    served[5, 1] = np.nan
    with pytest.raises(ArtifactError, match="not finite"):
        check_parity(graph, served, rows)


def test_a_graph_of_other_members_is_told_apart(graph, rows, served):
    shuffled = rows[:, [1, 0, 2, 3, 4, 5, 6]]
    assert check_parity(graph, served, shuffled).max_difference > 0.1
