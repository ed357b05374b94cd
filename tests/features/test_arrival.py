import numpy as np
import pytest

from kaidan.features.arrival import Arrival, place

HISTORY = np.array([[time, 1.0, 1.0, 1.0, 1.0, 5.0] for time in (900, 1800, 3600)])


def bar(time, close=1.0):
    return np.array([time, 1.0, 1.0, 1.0, close, 5.0])


@pytest.mark.parametrize(
    ("row", "arrival", "times"),
    [
        (bar(2700), Arrival.FILLED, [900, 1800, 2700, 3600]),
        (bar(3600), Arrival.DUPLICATE, [900, 1800, 3600]),
        (bar(900), Arrival.DUPLICATE, [900, 1800, 3600]),
        (bar(0), Arrival.TOO_OLD, [900, 1800, 3600]),
        (bar(3600, close=2.0), Arrival.REVISED, [900, 1800, 3600]),
        (bar(900, close=2.0), Arrival.REVISED, [900, 1800, 3600]),
    ],
)
def test_a_bar_goes_where_its_time_says(row, arrival, times):
    got, history = place(HISTORY, row)
    assert got is arrival
    assert history[:, 0].tolist() == times
    assert (row.tolist() in history.tolist()) is (arrival is not Arrival.TOO_OLD)
    assert HISTORY.shape == (3, 6)
    assert (HISTORY[:, 1:] == bar(0)[1:]).all()
