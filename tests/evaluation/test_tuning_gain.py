import pytest

from kaidan.evaluation.tuning_gain import gain_steps, holdout_gain
from kaidan.learning.dataset import build_history
from kaidan.market.sample import sample_bars, sample_macro
from kaidan.settings import load_settings
from tests.kit import small


@pytest.fixture(scope="module")
def history():
    return build_history(sample_bars(), sample_macro(), load_settings(), days=20, source="sample")


def gain_of(history, params, told=None):
    settings = load_settings().with_training(small())
    dataset = history.dataset(3, settings)
    told = [] if told is None else told
    return holdout_gain(dataset, history.labels, settings.training, params, told.append)


def test_unchanged_parameters_gain_exactly_nothing(history) -> None:
    told: list[str] = []
    params = {"lightgbm": small().members.lightgbm.params}
    gain = gain_of(history, params, told)
    assert (gain.estimate, gain.low, gain.high) == (0.0, 0.0, 0.0)
    assert len(told) == gain_steps(small())
    assert told[0].startswith("configured, ")
    assert told[-1].startswith("tuned, ")


def test_parameters_that_learn_nothing_lose_on_the_planted_signal(history) -> None:
    idle = {
        "lightgbm": {"n_estimators": 1, "learning_rate": 0.001},
        "xgboost": {"n_estimators": 1, "learning_rate": 0.001},
        "random_forest": {"n_estimators": 1, "max_depth": 1},
    }
    assert gain_of(history, idle).estimate < 0
