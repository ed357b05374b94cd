"""A procedure that sees what it is judged on learns labels that mean nothing; ours does not."""

from dataclasses import replace

import numpy as np
import pytest

from kaidan.evaluation.label_probe import shuffle_days, shuffled_skill
from kaidan.learning.cross_validation import cross_validate
from kaidan.learning.members import fit_member
from kaidan.learning.training_part import prepare
from tests.evaluation.walk import walk
from tests.kit import small


@pytest.fixture(scope="module")
def market():
    return walk()


def fitted_on_all_rows(X, y, settings, progress, *, names=None):
    """Fit on the rows that are watched and judged, too."""
    honest = cross_validate(X, y, settings, progress, names=names)
    params = settings.members.lightgbm.params
    said = []
    for fold in honest.folds:
        part = prepare(X, y, replace(fold, fit=np.arange(len(y))), settings)
        said.append(fit_member("lightgbm", params, part).predict_proba(X[fold.test]))
    return replace(honest, calibrated={"lightgbm": np.concatenate(said)})


@pytest.mark.parametrize("seed", range(3))
def test_an_honest_procedure_learns_nothing_from_shuffled_labels(seed):
    market = walk(seed=seed)
    assert shuffled_skill(market.X, market.y, small(seed=seed)).low <= 0


def test_a_procedure_that_judges_rows_it_was_fitted_on_is_caught(market):
    found = shuffled_skill(market.X, market.y, small(), cross_validate=fitted_on_all_rows)
    assert found.low > 0


def test_shuffling_keeps_how_many_and_who_is_next_to_whom(market):
    shuffled = shuffle_days(market.y, seed=1)
    assert np.bincount(shuffled).tolist() == np.bincount(market.y).tolist()
    same = np.mean(market.y[1:] == market.y[:-1])
    assert np.mean(shuffled[1:] == shuffled[:-1]) == pytest.approx(same, abs=0.03)


def test_shuffling_forgets_the_day_and_the_hour():
    bar = np.arange(96 * 100)
    shuffled = shuffle_days(bar, seed=1)
    assert abs(np.corrcoef(bar, shuffled)[0, 1]) < 0.3
    # Rows of the same hour as before: one in 96 by chance.
    assert np.mean(bar % 96 == shuffled % 96) < 0.05


def test_the_hour_alone_is_not_skill():
    hour = np.arange(96 * 60) % 96
    rng = np.random.default_rng(0)
    y = np.where(hour < 48, 1, rng.choice([0, 2], len(hour)))
    X = np.column_stack([hour, rng.normal(size=len(hour))]).astype(np.float32)
    assert shuffled_skill(X, y, small()).low <= 0


def test_a_last_day_that_is_not_whole_is_shuffled_too():
    assert sorted(shuffle_days(np.arange(100), seed=3)) == list(range(100))
