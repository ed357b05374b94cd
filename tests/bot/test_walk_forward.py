"""Retraining as time goes on, on a history small enough to do it at every test run."""

import numpy as np
import pandas as pd
import pytest

from kaidan.bot.backtest import LADDER, backtest
from kaidan.bot.walk_forward import Walked, as_live, judge_step, train_window, walk_forward
from kaidan.bot.walk_result import WalkResult
from kaidan.bot.walk_steps import Step, plan_steps
from kaidan.errors import ArtifactError, TrainingError
from kaidan.evaluation.report import ENSEMBLE
from kaidan.learning.dataset import History, build_history
from kaidan.learning.labels import horizon
from kaidan.market.bars import BAR_LENGTH
from kaidan.market.sample import sample_bars
from kaidan.settings import Settings
from tests.kit import small_settings, wanting

TEST_DAYS = 3
LEVELS = (2, 3)


@pytest.fixture(scope="module")
def small() -> Settings:
    return small_settings()


@pytest.fixture(scope="module")
def history(small: Settings) -> History:
    """Twelve days of features, without macro data."""
    bars = sample_bars(12 + 31)
    return build_history(bars, None, small, days=60, source="bars")


@pytest.fixture(scope="module")
def steps(history: History) -> tuple[Step, ...]:
    times = pd.DatetimeIndex(history.features.index)
    return plan_steps(times, train_days=6, test_days=TEST_DAYS, step_days=TEST_DAYS)[:2]


@pytest.fixture(scope="module")
def told() -> list[tuple[int, str]]:
    return []


@pytest.fixture(scope="module")
def walked(history, steps, small, told) -> tuple[Walked, ...]:
    return walk_forward(history, steps, LEVELS, small, progress=lambda *what: told.append(what))


def test_every_test_bar_is_answered_once_by_the_highest_level(walked, history, steps):
    answers = pd.concat([one.answers for one in walked])
    expected = history.features.loc[steps[0].test_from : steps[-1].test_until - BAR_LENGTH]
    assert list(answers.index) == list(expected.index)
    assert set(answers["level"]) == {2}
    assert [one.failed for one in walked] == [{}, {}]


def test_progress_names_level_and_step(walked, told):
    assert told == [(2, "step 1 of 2"), (3, "step 1 of 2"), (2, "step 2 of 2"), (3, "step 2 of 2")]


def test_no_label_that_is_learnt_reaches_into_the_test(history, steps, small):
    _, dataset = train_window(history, steps[0], 3, small)
    assert dataset.times[0] >= steps[0].train_from
    known_at = dataset.times[-1] + BAR_LENGTH + horizon(small.training.label)
    assert known_at == steps[0].test_from
    assert dataset.development == slice(0, len(dataset.y))


def test_what_comes_after_the_window_changes_nothing_that_is_trained(history, steps, small):
    step = steps[0]
    bars = history.bars.copy()
    bars.loc[step.test_from :, ["open", "high", "low", "close"]] *= 1.3
    other = build_history(bars, None, small, days=60, source="bars")
    rows = history.features.loc[step.train_from : step.test_from - BAR_LENGTH]
    first, second = (train_window(one, step, 3, small)[0] for one in (history, other))
    names = list(first.feature_names_)
    assert np.array_equal(first.predict_proba(rows[names]), second.predict_proba(rows[names]))


def test_the_graph_that_answers_says_what_was_trained(walked, history, steps, small):
    ensemble, dataset = train_window(history, steps[0], 2, small)
    answers = walked[0].answers
    rows = history.features.loc[answers.index, list(dataset.features.columns)]
    said = answers[["p_sell", "p_hold", "p_buy"]].to_numpy()
    assert said == pytest.approx(ensemble.predict_proba(rows), abs=1e-5)


def test_a_graph_that_differs_from_what_was_trained_is_refused(history, steps, small):
    ensemble, dataset = train_window(history, steps[0], 3, small)
    with pytest.raises(ArtifactError, match="the exported graph does not say what was trained"):
        as_live(ensemble, dataset, wanting(small, parity=-1.0))


def test_each_level_is_judged_on_its_own_beside_baselines(walked, history):
    for one in walked:
        assert set(one.judged) == set(LEVELS)
        for judged in one.judged.values():
            assert set(judged.probabilities) >= {ENSEMBLE, "prior", "volatility_prior"}
            assert one.step.test_from <= judged.times[0]
            assert judged.times[-1] < one.step.test_until
            assert list(judged.y) == history.labels.loc[judged.times].tolist()


def test_the_baselines_know_the_window_only(walked, history, steps, small):
    _, dataset = train_window(history, steps[0], 3, small)
    counts = np.bincount(dataset.y, minlength=3) + 1.0
    prior = walked[0].judged[3].probabilities["prior"]
    assert prior == pytest.approx(np.tile(counts / counts.sum(), (len(prior), 1)))


def test_a_step_whose_bars_have_no_labels_yet_is_not_judged(history, steps, small):
    ensemble, dataset = train_window(history, steps[0], 3, small)
    last = history.bars.index[-1]
    end = Step(steps[0].train_from, last - 5 * BAR_LENGTH, last + BAR_LENGTH)
    assert judge_step(history, end, ensemble, dataset, small) is None


def test_steps_are_pooled_and_the_account_runs_on(walked, history, small):
    answers = pd.concat([one.answers for one in walked])
    result = WalkResult(backtest(history.bars, history.features, answers, small, n_tried=1), walked)
    for level in LEVELS:
        parts = [one.judged[level] for one in walked]
        assert len(result.judged[level].y) == sum(len(part.y) for part in parts)
        assert result.judged[level].times.is_monotonic_increasing
    assert len(result.done.replays[LADDER].equity) == len(answers)
    assert {"level2.skill_vs_prior.low", "ladder.total_return"} <= set(result.to_metrics())
    told = result.to_dict()
    assert len(told["steps"]) == 2
    assert set(told["skill"][3]) == {"prior", "previous_label", "volatility_prior"}


def test_a_level_that_cannot_be_trained_is_stepped_over(history, steps, small):
    (one,) = walk_forward(history, steps[:1], (1, 3), small, progress=lambda *_: None)
    assert one.failed[1].startswith("not trained at ")
    assert "level 1 got no values of usd_jpy" in one.failed[1]
    assert set(one.answers["level"]) == {3}
    assert set(one.judged) == {3}


def test_a_step_without_any_level_is_hold_and_not_an_end(history, steps, small):
    early = Step(steps[0].train_from, steps[0].train_from + BAR_LENGTH * 50, steps[0].test_from)
    first, second = walk_forward(history, (early, steps[0]), (3,), small, progress=lambda *_: None)
    assert set(first.answers["signal"]) == {"HOLD"}
    assert first.answers["attempts"].str.contains("wants at least").all()
    assert set(second.answers["level"]) == {3}


def test_days_without_any_bar_are_passed_over(steps, small):
    first, second = steps
    bars = sample_bars(12 + 31)
    missing = (bars.index >= first.test_from) & (bars.index < first.test_until)
    history = build_history(bars[~missing], None, small, days=60, source="bars")
    empty, _ = walk_forward(history, steps, (3,), small, progress=lambda *_: None)
    assert empty.answers.empty
    assert empty.judged == {}
    assert second.test_from in history.features.index


def test_when_no_step_could_train_anything_that_is_an_error(history, steps, small):
    with pytest.raises(TrainingError, match=r"the last was not trained at .*use more --train-days"):
        walk_forward(history, steps[:1], (1,), small, progress=lambda *_: None)
