"""Probes repeat the procedure of a real run, but faster."""

import numpy as np
import pytest

from kaidan.evaluation.probe_training import probe_interval, probe_losses
from kaidan.evaluation.scores import log_losses
from kaidan.learning.cross_validation import cross_validate
from tests.kit import planted, small


@pytest.fixture(scope="module")
def watched():
    """Losses, what the procedure was given, and what it answered."""
    given = {}

    def watch(X, y, settings, progress, *, names=None):
        found = cross_validate(X, y, settings, progress, names=names)
        given.update(settings=settings, names=names, found=found)
        return found

    frame, y = planted()
    losses = probe_losses(frame.to_numpy(np.float32), y, small(), watch)
    return losses, given, y


def test_one_member_is_trained_on_few_folds_in_large_steps(watched):
    _, given, _ = watched
    params = given["settings"].members.by_name["lightgbm"].params
    assert given["names"] == ("lightgbm",)
    assert len(given["found"].folds) == 2
    assert (params["n_estimators"], params["learning_rate"]) == (80, 0.05)
    assert max(one.member.n_rounds for one in given["found"].fitted["lightgbm"]) <= 80


def test_all_else_is_as_in_a_real_run(watched):
    got, wanted = watched[1]["settings"], small()
    assert got.members.lightgbm.params["num_leaves"] == 7
    for name in ("label", "resampling", "calibration", "early_stopping_rounds", "seed"):
        assert getattr(got, name) == getattr(wanted, name)
    assert got.splits.stopping_share == wanted.splits.stopping_share


def test_losses_are_those_of_rows_out_of_fold_calibrated(watched):
    losses, given, y = watched
    found = given["found"]
    assert np.array_equal(losses.member, log_losses(y[found.rows], found.calibrated["lightgbm"]))


def test_the_prior_of_a_fold_is_that_of_its_training_part(watched):
    losses, given, y = watched
    fold = given["found"].folds[0]
    shares = (np.bincount(y[fold.training]) + 1) / (len(fold.training) + 3)
    assert losses.prior[: len(fold.test)] == pytest.approx(-np.log(shares[y[fold.test]]))


def test_the_interval_is_one_of_three_standard_errors():
    values = np.random.default_rng(0).normal(size=96 * 200)
    found = probe_interval(values)
    error = 1 / np.sqrt(len(values))
    assert found.high - found.low == pytest.approx(6.58 * error, rel=0.15)
