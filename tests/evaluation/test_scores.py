"""Scores against numbers worked out by hand."""

import numpy as np
import pytest

from kaidan.evaluation.scores import calibration_bins, calibration_error, log_losses, score

Y = np.array([0, 1, 2, 1])
P = np.array([[0.7, 0.2, 0.1], [0.2, 0.5, 0.3], [0.3, 0.3, 0.4], [0.6, 0.3, 0.1]])


def test_scores_are_those_of_a_pencil() -> None:
    found = score(Y, P)
    assert found.n_rows == 4
    assert found.log_loss == pytest.approx(-np.log([0.7, 0.5, 0.4, 0.3]).mean())
    assert found.brier == pytest.approx((0.14 + 0.38 + 0.54 + 0.86) / 4)
    assert found.accuracy == 3 / 4
    assert found.macro_f1 == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
    assert found.weighted_f1 == pytest.approx((2 / 3 + 2 * 2 / 3 + 1) / 4)
    assert found.mcc == pytest.approx((3 * 4 - (1 * 2 + 2 * 1 + 1 * 1)) / 10)
    # Four confidences in four bins: 0.7 hit, 0.5 hit, 0.4 hit, 0.6 missed.
    assert found.ece == pytest.approx((0.3 + 0.5 + 0.6 + 0.6) / 4)


def test_each_class_is_scored_against_the_others() -> None:
    sell, hold, buy = score(Y, P).per_class.values()
    assert (sell.precision, sell.recall, sell.support) == (0.5, 1.0, 1)
    assert (hold.precision, hold.recall, hold.support) == (1.0, 0.5, 2)
    assert (buy.f1, buy.support) == (1.0, 1)


def test_a_class_that_never_came_true_and_was_never_said_scores_zero() -> None:
    found = score(np.array([0, 1, 1]), np.array([[0.8, 0.2, 0], [0.3, 0.7, 0], [0.4, 0.6, 0]]))
    assert found.per_class["BUY"].f1 == 0
    assert found.per_class["BUY"].support == 0
    assert found.macro_f1 == pytest.approx(2 / 3)
    assert np.isfinite(found.log_loss)


def test_the_mean_of_the_rows_is_the_log_loss_of_all() -> None:
    assert log_losses(Y, P).mean() == pytest.approx(score(Y, P).log_loss)


def test_certainty_that_was_wrong_costs_much_but_not_everything() -> None:
    losses = log_losses(np.array([0]), np.array([[0.0, 1.0, 0.0]]))
    assert 30 < losses[0] < 40


def test_calibration_bins_are_ten_of_equal_width_and_empty_ones_are_left_out() -> None:
    stated = np.array([0.05, 0.15, 0.17, 1.0, 0.95])
    hit = np.array([False, True, False, True, False])
    assert calibration_bins(stated, hit) == [
        (pytest.approx(0.05), 0.0, 1),
        (pytest.approx(0.16), 0.5, 2),
        (pytest.approx(0.975), 0.5, 2),
    ]


def test_the_calibration_error_weighs_bins_by_their_rows() -> None:
    stated = np.array([0.05, 0.15, 0.17, 1.0, 0.95])
    hit = np.array([False, True, False, True, False])
    assert calibration_error(stated, hit) == pytest.approx((0.05 + 2 * 0.34 + 2 * 0.475) / 5)


def test_probabilities_that_are_met_have_no_calibration_error() -> None:
    assert calibration_error(np.full(4, 0.25), np.array([True, False, False, False])) == 0


def test_metrics_are_named_by_source_class_and_score() -> None:
    metrics = score(Y, P).to_metrics("oof.ensemble")
    assert metrics["oof.ensemble.accuracy"] == 0.75
    assert metrics["oof.ensemble.SELL.recall"] == 1.0
    assert "oof.ensemble.n_rows" not in metrics
    assert all(type(value) is float for value in metrics.values())
