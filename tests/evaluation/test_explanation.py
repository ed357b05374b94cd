"""What each input adds to the vote: all of it is given out, and to those who are responsible."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from kaidan.evaluation.explanation import MemberScores, explain_vote
from kaidan.learning.calibration import Calibration
from kaidan.signal import Signal

NAMES = ("a", "b", "c", "d")
MENDED = Calibration(
    np.array([[1.2, -0.1, 0.0], [0.1, 0.9, 0.1], [0.0, -0.2, 1.1]]), np.array([-0.3, 0.4, -0.1])
)


def boosted(
    seed: int, share: float, size: float = 1.0, classes=(0, 1, 2), mended=MENDED
) -> MemberScores:
    rng = np.random.default_rng(seed)
    k = len(classes)
    values = size * rng.normal(size=(5, 4, k))
    return MemberScores(share, classes, True, mended, rng.normal(size=k), values)


def forest(seed: int, share: float, mended=MENDED) -> MemberScores:
    """Probabilities whose base is led to the row in four parts."""
    rng = np.random.default_rng(seed)
    base, rows = np.array([0.2, 0.6, 0.2]), rng.dirichlet(np.ones(3), size=5)
    rows[0] = [0.0, 1.0, 0.0]
    parts = rng.dirichlet(np.ones(4), size=5)
    return MemberScores(
        share, (0, 1, 2), False, mended, base, parts[:, :, None] * (rows - base)[:, None, :]
    )


def vote(members: list[MemberScores]) -> np.ndarray:
    """Straight from the scores of the rows."""
    voted = np.zeros((5, 3))
    for one in members:
        scores = one.base + one.values.sum(axis=1)
        said = np.zeros((5, 3))
        said[:, one.classes] = softmax(scores, axis=1) if one.boosted else scores
        voted += one.share * (said if one.calibration is None else one.calibration.apply(said))
    return voted


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.floats(0.0, 1.5), st.booleans())
def test_base_and_values_add_up_to_the_calibrated_vote(seed, size, calibrated):
    mended = MENDED if calibrated else None
    members = [
        boosted(seed, 0.4, size, mended=mended),
        boosted(seed + 1, 0.4, size, classes=(1, 2), mended=mended),
        forest(seed + 2, 0.2, mended=mended),
    ]
    found = explain_vote(members, NAMES)
    np.testing.assert_allclose(found.answered, vote(members), atol=1e-12)
    assert found.off < 1e-5
    np.testing.assert_allclose(found.values.sum(axis=2), 0.0, atol=1e-9)
    assert found.base.sum() == pytest.approx(1.0)


def test_an_input_that_moves_no_score_adds_nothing():
    member = boosted(1, 1.0)
    member.values[:, 2] = 0.0
    found = explain_vote([member], NAMES)
    assert not found.values[:, 2].any()
    assert found.values[:, [0, 1, 3]].all()


def test_inputs_that_move_the_scores_alike_add_alike():
    member = boosted(2, 1.0)
    member.values[:, 3] = member.values[:, 0]
    found = explain_vote([member], NAMES)
    np.testing.assert_allclose(found.values[:, 3], found.values[:, 0])


def test_who_moves_the_score_of_buy_alone_moves_the_vote_towards_it():
    values = np.zeros((1, 4, 3))
    values[0, 1, Signal.BUY] = 1.0
    values[0, 2, Signal.BUY] = -0.25
    found = explain_vote([MemberScores(1.0, (0, 1, 2), True, None, np.zeros(3), values)], NAMES)
    sell, hold, buy = found.values[0, 1]
    assert buy > 0 > sell == pytest.approx(hold)
    assert found.values[0, 2, Signal.BUY] == pytest.approx(-buy / 4)


def test_an_uncalibrated_forest_is_added_up_as_it_is():
    member = forest(3, 1.0, mended=None)
    found = explain_vote([member], NAMES)
    np.testing.assert_allclose(found.values, member.values, atol=1e-15)
    np.testing.assert_allclose(found.base, member.base)


def test_members_add_by_their_shares_of_the_vote():
    one, other = boosted(4, 0.75), forest(5, 0.25)
    both = explain_vote([one, other], NAMES)
    alone = [explain_vote([member], NAMES) for member in (one, other)]
    np.testing.assert_allclose(both.values, sum(found.values for found in alone))
    np.testing.assert_allclose(both.base, sum(found.base for found in alone))
