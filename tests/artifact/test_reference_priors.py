import numpy as np
import pytest

from kaidan.artifact.reference_priors import reference_priors
from kaidan.evaluation.baselines import Known, class_prior, volatility_prior


def test_the_priors_answer_as_the_baselines_do_on_rows_that_come_later():
    rng = np.random.default_rng(4)
    volatility = rng.lognormal(size=500)
    y = np.where(volatility > rng.lognormal(size=500), rng.integers(0, 3, 500), 1)
    later = rng.lognormal(size=200)
    train = Known(np.full(500, np.nan), volatility)
    test = Known(np.full(200, np.nan), later)
    found = reference_priors(y, volatility)
    shares = np.array(found["volatility_shares"])
    assert np.array_equal(
        shares[np.searchsorted(found["volatility_edges"], later)], volatility_prior(y, train, test)
    )
    assert found["class_shares"] == class_prior(y, train, test)[0].tolist()


def test_the_priors_have_nine_edges_and_ten_rows_of_three_shares():
    found = reference_priors(np.array([0, 1, 2, 1] * 25), np.arange(100.0))
    assert np.shape(found["volatility_edges"]) == (9,)
    assert np.shape(found["volatility_shares"]) == (10, 3)
    assert np.sum(found["volatility_shares"], axis=1) == pytest.approx(1)
    assert sum(found["class_shares"]) == pytest.approx(1)
