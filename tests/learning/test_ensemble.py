"""The ensemble: what it learns, what it refuses, and that it is the same twice."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kaidan.errors import ContractError, TrainingError
from kaidan.evaluation.scores import score
from kaidan.learning.ensemble import ProductionEnsemble
from kaidan.learning.voting import decide, shares, vote
from kaidan.settings import TrainingSettings
from kaidan.signal import Signal
from tests.kit import planted, small


@pytest.fixture(scope="module")
def settings() -> TrainingSettings:
    return small()


@pytest.fixture(scope="module")
def fitted(settings: TrainingSettings) -> ProductionEnsemble:
    return ProductionEnsemble(settings).fit(*planted())


def test_it_finds_a_planted_signal_and_states_it_honestly(fitted: ProductionEnsemble) -> None:
    X, y = planted(4000, seed=5)
    scores = score(y, fitted.predict_proba(X))
    assert scores.log_loss < 0.85 * 0.95  # the class shares alone score 0.95
    assert scores.ece < 0.05


def test_it_finds_nothing_in_noise(settings: TrainingSettings) -> None:
    X, y = planted(1500)
    shuffled = np.random.default_rng(2).permutation(y)
    ensemble = ProductionEnsemble(settings).fit(X, shuffled)
    rows = ensemble.out_of_fold_.rows
    found = score(shuffled[rows], ensemble.out_of_fold_proba())
    prior = np.tile(np.bincount(y) / len(y), (len(rows), 1))
    assert found.log_loss > 0.99 * score(shuffled[rows], prior).log_loss


def test_columns_may_come_in_any_order(fitted: ProductionEnsemble) -> None:
    X, _ = planted(50, seed=8)
    shuffled = X[["d", "a", "c", "b"]].assign(unknown=1.0)
    assert np.array_equal(fitted.predict_proba(X), fitted.predict_proba(shuffled))


def test_a_missing_column_is_refused_by_name(fitted: ProductionEnsemble) -> None:
    X, _ = planted(5)
    with pytest.raises(ContractError, match="missing: b"):
        fitted.predict(X.drop(columns="b"))


def test_columns_without_names_are_refused(fitted: ProductionEnsemble) -> None:
    X, _ = planted(5)
    with pytest.raises(ContractError, match="got features as ndarray, want a DataFrame"):
        fitted.predict(X.to_numpy())


def test_an_ensemble_that_is_not_fitted_says_so(settings: TrainingSettings) -> None:
    with pytest.raises(TrainingError, match="not fitted; call fit first"):
        ProductionEnsemble(settings).predict(planted(5)[0])


def test_a_value_that_is_not_finite_is_refused_by_name(fitted: ProductionEnsemble) -> None:
    X, _ = planted(5)
    X.loc[2, "c"] = np.inf
    with pytest.raises(ContractError, match="not finite: c"):
        fitted.predict(X)


def test_a_constant_feature_is_an_error(settings: TrainingSettings) -> None:
    X, y = planted()
    with pytest.raises(TrainingError, match="never change in training: c"):
        ProductionEnsemble(settings).fit(X.assign(c=0.0), y)


def test_labels_that_are_no_signals_are_an_error(settings: TrainingSettings) -> None:
    X, y = planted()
    with pytest.raises(TrainingError, match=r"got labels \[3\]"):
        ProductionEnsemble(settings).fit(X, y + 1)


def test_members_do_not_split_on_price_levels_unless_told_to() -> None:
    X, y = planted(800)
    X = X.rename(columns={"d": "close"})
    assert "close" not in ProductionEnsemble(small()).fit(X, y).input_names_
    assert "close" in ProductionEnsemble(small(inputs="all")).fit(X, y).input_names_


def test_the_same_data_and_seed_give_the_same_probabilities_to_the_last_bit(
    settings: TrainingSettings, fitted: ProductionEnsemble
) -> None:
    again = ProductionEnsemble(settings).fit(*planted())
    X, _ = planted(300, seed=4)
    assert np.array_equal(fitted.predict_proba(X), again.predict_proba(X))


def test_a_class_missing_in_the_first_fold_is_handled(settings: TrainingSettings) -> None:
    X, y = planted()
    y = np.where((np.arange(len(y)) < 700) & (y == Signal.BUY), Signal.HOLD, y)
    ensemble = ProductionEnsemble(settings).fit(X, y)
    assert np.isfinite(ensemble.out_of_fold_proba()).all()
    assert (ensemble.predict(X) == Signal.BUY).any()


def test_a_training_part_of_one_class_is_an_error(settings: TrainingSettings) -> None:
    X, y = planted()
    with pytest.raises(TrainingError, match=r"only \['HOLD'\]"):
        ProductionEnsemble(settings).fit(X, np.where(np.arange(len(y)) < 1000, 1, y))


def test_early_stopping_stops(fitted: ProductionEnsemble) -> None:
    X, y = planted()
    noise = np.random.default_rng(3).permutation(y)
    rounds = ProductionEnsemble(small()).fit(X, noise).get_model_info()["rounds"]
    assert rounds["lightgbm"] < 25
    assert rounds["xgboost"] < 25
    assert fitted.get_model_info()["rounds"]["random_forest"] == 20


def test_early_stopping_never_sees_a_test_row(settings: TrainingSettings) -> None:
    X, y = planted()
    ensemble = ProductionEnsemble(settings).fit(X, y)
    last = ensemble.out_of_fold_.folds[-1]
    spoilt = y.copy()
    spoilt[last.test] = np.random.default_rng(0).permutation(spoilt[last.test])
    again = ProductionEnsemble(settings).fit(X, spoilt)
    for name, raw in ensemble.out_of_fold_.raw.items():
        assert np.array_equal(raw, again.out_of_fold_.raw[name])
    for name, calibrated in ensemble.out_of_fold_.calibrated.items():
        assert np.array_equal(calibrated, again.out_of_fold_.calibrated[name])


def test_below_the_confidence_threshold_the_answer_is_hold(fitted: ProductionEnsemble) -> None:
    X, _ = planted(200, seed=6)
    p = fitted.predict_proba(X)
    assert (decide(p, 0.99) == Signal.HOLD).all()
    assert np.array_equal(decide(p, 0.0), p.argmax(axis=1))


def test_what_the_model_is_can_be_asked(fitted: ProductionEnsemble) -> None:
    info = fitted.get_model_info()
    assert info["weights"] == {"lightgbm": 0.4, "xgboost": 0.4, "random_forest": 0.2}
    assert info["classes"] == ["SELL", "HOLD", "BUY"]
    assert info["feature_names"] == list("abcd")
    assert ProductionEnsemble().get_model_info()["fitted"] is False


def test_predictions_are_validated(fitted: ProductionEnsemble) -> None:
    X, y = planted(500, seed=7)
    report = fitted.validate_predictions(X, y)
    assert report["valid"]
    assert report["confidence_std"] > 0.01
    assert sum(report["class_mix"].values()) == pytest.approx(1)
    assert report["log_loss"] < 0.95
    assert "log_loss" not in fitted.validate_predictions(X)


def test_progress_is_told_after_each_fit(settings: TrainingSettings) -> None:
    told: list[str] = []
    ProductionEnsemble(settings).fit(*planted(600), progress=told.append)
    assert len(told) == 3 * 3 + 3
    assert told[0] == "fold 1 of 3, lightgbm"


@given(
    weights=st.lists(st.floats(0, 10), min_size=3, max_size=3).filter(lambda w: sum(w) > 0.1),
    seed=st.integers(0, 99),
)
@hypothesis_settings(max_examples=50)
def test_every_vote_is_a_distribution(weights: list[float], seed: int) -> None:
    names = ("lightgbm", "xgboost", "random_forest")
    weight = dict(zip(names, weights, strict=True))
    rng = np.random.default_rng(seed)
    said = {name: rng.dirichlet([1, 1, 1], size=7) for name in names}
    for voting in ("weighted", "soft", "hard"):
        result = vote(said, weight, voting)
        assert np.allclose(result.sum(axis=1), 1)
        assert (result >= 0).all()


def test_a_hard_vote_counts_verdicts_and_a_soft_vote_counts_every_member_once() -> None:
    said = {"x": np.array([[0.6, 0.4, 0.0]]), "y": np.array([[0.1, 0.9, 0.0]])}
    assert vote(said, {"x": 3, "y": 1}, "hard").tolist() == [[0.75, 0.25, 0]]
    assert vote(said, {"x": 3, "y": 1}, "soft") == pytest.approx(np.array([[0.35, 0.65, 0]]))
    assert shares({"x": 3, "y": 1}, "weighted") == {"x": 0.75, "y": 0.25}


def test_rows_and_labels_must_be_as_many(settings: TrainingSettings) -> None:
    X, y = planted()
    with pytest.raises(TrainingError, match="1500 rows and 1499 labels"):
        ProductionEnsemble(settings).fit(pd.DataFrame(X), y[:-1])
