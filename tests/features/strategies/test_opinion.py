import numpy as np

from kaidan.features.strategies.opinion import direction, opinion


def test_rounding_has_no_direction():
    shares = np.array([1e-3, -1e-3, 1e-15, -1e-15, 0.0, np.nan])
    np.testing.assert_array_equal(direction(shares), [1, -1, 0, 0, 0, np.nan])


def test_an_opinion_on_unknown_inputs_is_unknown_and_not_an_abstention():
    known, unknown = np.array([1.0, 1.0]), np.array([1.0, np.nan])
    result = opinion(np.array([-1.0, 0.0]), np.array([0.5, 0.5]), known, unknown)
    np.testing.assert_array_equal(result, [-0.5, np.nan])
