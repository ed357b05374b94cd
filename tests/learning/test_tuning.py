"""The search itself, on planted rows; what it leaves in MLflow is told in tests/registry."""

from itertools import pairwise

import numpy as np
import pytest

from kaidan.errors import SettingsError
from kaidan.learning.cross_validation import cross_validate
from kaidan.learning.fold_losses import PurgedFolds
from kaidan.learning.tuned import Tuned
from kaidan.learning.tuning import share_of_time, tune_members
from kaidan.settings import TrainingSettings
from tests.kit import planted, small
from tests.tuning_kit import TUNING, Notebook

MEMBERS = ["lightgbm", "xgboost", "random_forest"]
N_TRIALS = 6


@pytest.fixture(scope="module")
def settings() -> TrainingSettings:
    return small(tuning=TUNING)


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, np.ndarray]:
    X, y = planted(600)
    return X.to_numpy(dtype=np.float32), y


def search(rows, settings, n_trials=N_TRIALS, log=None, **options) -> dict[str, Tuned]:
    return tune_members(
        *rows,
        settings,
        n_trials,
        log=log or Notebook(),
        progress=options.pop("progress", lambda _: None),
        **options,
    )


@pytest.fixture(scope="module")
def whole(rows, settings) -> Notebook:
    """An uninterrupted search."""
    log = Notebook()
    search(rows, settings, log=log)
    return log


def test_the_same_seed_tries_the_same_and_another_one_does_not(rows, settings, whole) -> None:
    again, other = Notebook(), Notebook()
    search(rows, settings, log=again)
    search(rows, settings.model_copy(update={"seed": 8}), log=other)
    assert again.kept == whole.kept
    assert other.kept != whole.kept


@pytest.mark.parametrize("done", [1, 4])
def test_a_search_that_goes_on_finds_what_it_would_have_found_without_the_break(
    rows, settings, whole, done: int
) -> None:
    log = Notebook({name: trials[:done] for name, trials in whole.kept.items()})
    search(rows, settings, log=log)
    assert log.kept == whole.kept
    assert log.written == (N_TRIALS - done) * len(MEMBERS)


def test_a_finished_search_tries_nothing_and_prepares_nothing(settings, whole) -> None:
    log = Notebook(dict(whole.kept))
    # These are no rows: whoever looked at them would fail.
    tuned = search((np.empty((0, 0)), np.empty(0)), settings, log=log)
    assert log.written == 0
    assert [one.n_trials for one in tuned.values()] == [N_TRIALS] * len(MEMBERS)


def test_fewer_trials_than_are_there_use_the_first_ones(rows, settings, whole) -> None:
    for name, one in search(rows, settings, 2, log=whole).items():
        assert one == Tuned.of(whole.kept[name][:2], one.configured)


def test_the_first_trial_is_what_is_configured_and_scores_what_training_scores(
    rows, settings, whole
) -> None:
    found = cross_validate(*rows, settings, lambda _: None)
    for name in MEMBERS:
        first = whole.kept[name][0]
        assert first.params.items() <= settings.members.by_name[name].params.items()
        true = rows[1][found.rows]
        losses = -np.log(found.calibrated[name][np.arange(len(true)), true])
        by_fold = [losses[fold].mean() for fold in found.fold_slices()]
        np.testing.assert_allclose(first.fold_losses, by_fold, rtol=1e-6)


def test_the_best_is_never_worse_than_what_is_configured_and_is_complete(
    rows, settings, whole
) -> None:
    for name, one in search(rows, settings, log=whole).items():
        assert one.loss <= one.configured_loss
        assert set(one.params) == set(settings.members.by_name[name].params)
        assert (one.loss < one.configured_loss) == bool(one.changed)


def test_a_search_finds_what_a_timid_configuration_leaves(rows) -> None:
    timid = small(tuning=TUNING)
    members = timid.members.model_dump()
    members["lightgbm"]["params"]["learning_rate"] = 0.001
    one = search(rows, small(tuning=TUNING, members=members))["lightgbm"]
    assert one.params["learning_rate"] > 0.001
    assert one.loss < one.configured_loss - 0.05


def test_a_trial_that_loses_every_fold_is_given_up_and_is_never_the_best(
    rows, settings, whole
) -> None:
    pruned = [t for trials in whole.kept.values() for t in trials if t.pruned]
    assert pruned
    n_folds = settings.splits.n_splits
    assert {len(trial.fold_losses) for trial in pruned} == {n_folds - 1}
    tuned = search(rows, settings, log=whole)
    for name, trials in whole.kept.items():
        complete = [t.loss for t in trials if not t.pruned]
        assert tuned[name].loss == min(complete)
        assert tuned[name].n_pruned == len(trials) - len(complete)


def test_bins_are_built_once_a_fold_for_all_trials(rows, settings) -> None:
    folds = PurgedFolds(*rows, settings)
    list(folds.losses("lightgbm", settings.members.lightgbm.params))
    list(folds.losses("xgboost", settings.members.xgboost.params))
    made = [(id(p.lightgbm_data[0]), id(p.xgboost_data[0])) for p in folds.parts]
    other = settings.members.lightgbm.params | {"num_leaves": 3, "learning_rate": 0.3}
    list(folds.losses("lightgbm", other))
    list(folds.losses("xgboost", settings.members.xgboost.params | {"max_depth": 2}))
    assert made == [(id(p.lightgbm_data[0]), id(p.xgboost_data[0])) for p in folds.parts]
    assert len(set(made)) == settings.splits.n_splits


def test_a_trial_scores_the_same_whatever_was_tried_before_it(rows, settings) -> None:
    used, params = PurgedFolds(*rows, settings), settings.members.lightgbm.params
    list(used.losses("lightgbm", params | {"num_leaves": 3, "min_child_samples": 200}))
    fresh = PurgedFolds(*rows, settings)
    assert list(used.losses("lightgbm", params)) == list(fresh.losses("lightgbm", params))


def test_when_time_is_up_each_member_has_its_first_trial(rows, settings) -> None:
    tuned = search(rows, settings, 50, ends_at=0.0)
    assert [one.n_trials for one in tuned.values()] == [1, 1, 1]
    assert not any(one.changed for one in tuned.values())


def test_time_is_shared_among_those_who_are_left() -> None:
    ends = share_of_time(share_of_time(float("inf"), 3), 2)
    assert ends == float("inf")
    first, second = (share_of_time(1e9, n) for n in (4, 2))
    assert second - first == pytest.approx(1e9 / 4, rel=1e-2)


def test_progress_tells_member_number_and_a_best_that_only_falls(rows, settings, whole) -> None:
    told: list[str] = []
    search(rows, settings, log=whole, progress=told.append)
    assert len(told) == N_TRIALS * len(MEMBERS)
    assert told[0].startswith("lightgbm, trial 1 of 6, best ")
    for start in range(0, len(told), N_TRIALS):
        best = [float(line.rsplit(" ", 1)[1]) for line in told[start : start + N_TRIALS]]
        assert all(later <= earlier for earlier, later in pairwise(best))


@pytest.mark.parametrize("value", [0.9, 1, None])
def test_a_configured_parameter_outside_its_range_is_refused(rows, value) -> None:
    members = small().members.model_dump()
    members["xgboost"]["params"].pop("learning_rate")
    if value is not None:
        members["xgboost"]["params"]["learning_rate"] = value
    with pytest.raises(SettingsError, match=r"xgboost.params.learning_rate got .* wanted 0.001 to"):
        search(rows, small(tuning=TUNING, members=members))
