"""Everybody judged on the same rows, and the baselines fitted on none of them."""

import numpy as np
import pandas as pd
import pytest

from kaidan.evaluation.baselines import BASELINES, Known
from kaidan.evaluation.report import (
    ENSEMBLE,
    Judged,
    judge_holdout,
    judge_out_of_fold,
    known_before,
)
from kaidan.learning.ensemble import ProductionEnsemble
from kaidan.learning.labels import make_labels
from kaidan.market.sample import sample_bars
from kaidan.signal import Signal
from tests.kit import planted, small

MEMBERS = ["lightgbm", "xgboost", "random_forest"]
DEVELOPMENT, HOLDOUT = slice(0, 1484), slice(1500, 1800)


@pytest.fixture(scope="module")
def rows() -> tuple[pd.DataFrame, np.ndarray, Known]:
    X, y = planted(1800)
    X.index = pd.date_range("2025-01-01", periods=len(X), freq="15min", tz="UTC")
    previous = np.concatenate([np.full(16, np.nan), y[:-16]])
    return X, y, Known(previous, np.random.default_rng(1).exponential(size=len(X)))


@pytest.fixture(scope="module")
def ensemble(rows) -> ProductionEnsemble:
    X, y, _ = rows
    return ProductionEnsemble(small()).fit(X.iloc[DEVELOPMENT], y[DEVELOPMENT])


def out_of_fold(ensemble, rows, y) -> Judged:
    X, _, known = rows
    times = pd.DatetimeIndex(X.index)[DEVELOPMENT]
    return judge_out_of_fold(ensemble, times, y[DEVELOPMENT], known.take(DEVELOPMENT))


def holdout(ensemble, rows, y) -> Judged:
    X, _, known = rows
    return judge_holdout(ensemble, X, y, known, DEVELOPMENT, HOLDOUT)


@pytest.mark.parametrize("judge", [out_of_fold, holdout])
def test_members_ensemble_and_baselines_answer_for_the_same_rows(judge, ensemble, rows) -> None:
    judged = judge(ensemble, rows, rows[1])
    assert list(judged.probabilities) == [*MEMBERS, ENSEMBLE, *BASELINES]
    assert {p.shape for p in judged.probabilities.values()} == {(len(judged.y), 3)}
    assert len(judged.times) == len(judged.y)
    assert np.array_equal(judged.y, rows[1][rows[0].index.get_indexer(judged.times)])


def test_what_came_true_in_the_last_fold_changes_no_probability(ensemble, rows) -> None:
    y = rows[1]
    test = ensemble.out_of_fold_.folds[-1].test
    spoilt = y.copy()
    spoilt[test] = 2 - spoilt[test]
    before, after = out_of_fold(ensemble, rows, y), out_of_fold(ensemble, rows, spoilt)
    for name, probabilities in before.probabilities.items():
        assert np.array_equal(probabilities, after.probabilities[name]), name
    assert before.scores["prior"] != after.scores["prior"]


def test_what_came_true_on_the_hold_out_changes_no_probability(ensemble, rows) -> None:
    y = rows[1]
    spoilt = np.where(np.arange(len(y)) >= HOLDOUT.start, 2 - y, y)
    before, after = holdout(ensemble, rows, y), holdout(ensemble, rows, spoilt)
    for name, probabilities in before.probabilities.items():
        assert np.array_equal(probabilities, after.probabilities[name]), name


def test_a_planted_signal_is_skill_against_every_baseline(ensemble, rows) -> None:
    for judge in (out_of_fold, holdout):
        judged = judge(ensemble, rows, rows[1])
        for name in BASELINES:
            skill = judged.skills[name]
            assert skill.low > 0
            expected = judged.scores[name].log_loss - judged.scores[ENSEMBLE].log_loss
            assert skill.estimate == pytest.approx(expected)


def test_metrics_hold_every_source_and_every_skill_with_its_interval(ensemble, rows) -> None:
    judged = out_of_fold(ensemble, rows, rows[1])
    metrics = judged.to_metrics("oof")
    for name in judged.probabilities:
        assert metrics[f"oof.{name}.log_loss"] == judged.scores[name].log_loss
    for name in BASELINES:
        low, high = (metrics[f"oof.skill_vs_{name}.{end}"] for end in ("low", "high"))
        assert low < metrics[f"oof.skill_vs_{name}"] < high


def test_the_table_has_a_row_for_each_source(ensemble, rows) -> None:
    judged = holdout(ensemble, rows, rows[1])
    table = judged.table()
    assert list(table.index) == list(judged.probabilities)
    assert table.loc["prior", "log_loss"] == judged.scores["prior"].log_loss


def test_the_previous_label_is_one_that_was_known_at_the_bar() -> None:
    bars = sample_bars(3)
    features = pd.DataFrame({"natr_14": np.arange(len(bars), dtype=float)}, index=bars.index)
    label = small().label
    found = known_before(make_labels(bars, label), features, label)
    assert np.isnan(found.previous[:16]).all()
    for row in (16, 100, 200):
        gain = bars["close"].iloc[row] / bars["close"].iloc[row - 16] - 1
        wanted = Signal.BUY if gain > 0.005 else Signal.SELL if gain < -0.005 else Signal.HOLD
        assert found.previous[row] == wanted
    assert found.volatility.tolist() == features["natr_14"].tolist()
