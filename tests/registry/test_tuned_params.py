"""Parameters that tuning found stay with the level until something else goes live."""

import json

import mlflow

from kaidan.learning.tuned_params import tuned_settings
from kaidan.registry.store import get_version, live_version, set_tags
from kaidan.registry.tuned_params import TAG, live_params, to_tag
from tests.kit import small
from tests.release import kaidan

PARAMS = {"lightgbm": {"n_estimators": 11, "learning_rate": 0.2, "num_leaves": 5}}


def params_of(version: int) -> dict[str, str]:
    return mlflow.MlflowClient().get_run(get_version(3, version).run_id).data.params


def test_the_next_training_takes_the_parameters_of_the_live_version(store, release) -> None:
    set_tags(live_version(3), {TAG: json.dumps(PARAMS)})
    done = kaidan("train", "--level", "3", "--promote", "never", *release.options)
    assert done.code == 0, done.err
    used = params_of(2)
    assert used["members.lightgbm.params.n_estimators"] == "11"
    assert used["members.xgboost.params.n_estimators"] == "25"
    assert used["tuned_members"] == "lightgbm"
    assert json.loads(get_version(3, 2).tag(TAG)) == PARAMS
    text = mlflow.MlflowClient().get_model_version("ensemble_level3", "2").description
    assert "Parameters of the members: tuned: lightgbm." in text


def test_untuned_takes_those_of_the_settings(store, release) -> None:
    set_tags(live_version(3), {TAG: json.dumps(PARAMS)})
    done = kaidan("train", "--level", "3", "--promote", "never", "--untuned", *release.options)
    assert done.code == 0, done.err
    assert params_of(2)["members.lightgbm.params.n_estimators"] == "25"
    assert params_of(2)["tuned_members"] == "none"
    assert TAG not in get_version(3, 2).tags


def test_a_level_that_was_never_tuned_has_none(store) -> None:
    assert live_params(3) == {}
    assert to_tag({}) == {}


def test_only_the_members_that_were_tuned_change() -> None:
    settings = small()
    tuned = tuned_settings(settings, PARAMS)
    assert tuned.members.lightgbm.params == PARAMS["lightgbm"]
    assert tuned.members.lightgbm.weight == settings.members.lightgbm.weight
    assert tuned.members.xgboost == settings.members.xgboost
    assert tuned_settings(settings, {}) == settings
