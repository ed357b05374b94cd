"""A member that knows less than the class shares has no vote; who decides it has not seen the rows
it is applied to."""

import numpy as np

from kaidan.evaluation.standing import silent_by_fold, silent_members

N = 300
Y = np.arange(N) % 3
PRIOR = np.full((N, 3), 1 / 3)
HITS = np.eye(3)[Y]
KNOWS = 0.4 * HITS + 0.2
ERRS = np.roll(KNOWS, 1, axis=1)
FOLDS = [slice(0, 100), slice(100, 200), slice(200, 300)]


def test_a_member_below_the_class_prior_has_no_vote() -> None:
    assert silent_members(Y, {"good": KNOWS, "noise": ERRS}, PRIOR) == ("noise",)


def test_as_good_as_the_prior_is_not_good_enough() -> None:
    assert silent_members(Y, {"good": KNOWS, "same": PRIOR}, PRIOR) == ("same",)


def test_where_nobody_is_better_than_the_prior_nobody_is_silenced() -> None:
    assert silent_members(Y, {"a": ERRS, "b": PRIOR}, PRIOR) == ()


def test_a_fold_is_never_judged_with_a_choice_made_on_it() -> None:
    late = np.where(np.arange(N)[:, None] < 200, ERRS, KNOWS)
    early = np.where(np.arange(N)[:, None] < 100, KNOWS, ERRS)
    found = silent_by_fold(Y, {"good": KNOWS, "late": late, "early": early}, PRIOR, FOLDS)
    assert found[0] == ()
    assert found[1] == ("late",)
    assert set(found[2]) <= {"late", "early"}
    assert "late" in found[2]
    spoilt = KNOWS.copy()
    spoilt[FOLDS[2]] = ERRS[FOLDS[2]]
    members = {"good": KNOWS, "spoilt": spoilt}
    assert silent_by_fold(Y, members, PRIOR, FOLDS)[2] == ()
