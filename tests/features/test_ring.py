import numpy as np
import pytest

from kaidan.features.ring import Ring

NAMES = ("open", "high", "low", "close", "volume", "extra")


def filled(n):
    ring = Ring(NAMES, 4)
    for i in range(n):
        ring.append(900 * i, [float(i)] * 5)
        ring.put({"extra": np.array([100.0 + i])}, 1)
    return ring


@pytest.mark.parametrize("n", [1, 3, 4, 5, 8, 9, 50])
def test_a_ring_holds_the_newest_bars_in_order(n):
    ring = filled(n)
    kept = list(range(max(n - 4, 0), n))
    assert len(ring) == len(kept)
    assert (ring.times // 900).tolist() == ring["close"].tolist() == kept
    assert ring["extra"].tolist() == [100.0 + i for i in kept]
    assert ring.newest() == dict.fromkeys(NAMES[:5], n - 1.0) | {"extra": 99.0 + n}


@pytest.mark.parametrize("n", [3, 9])
def test_columns_and_bars_end_at_the_newest(n):
    ring = filled(n)
    assert ring.bars(2).high.tolist() == [n - 2, n - 1]
    assert ring.recent(2)["extra"].tolist() == [98.0 + n, 99.0 + n]
    assert len(ring.bars(99).close) == len(ring.recent(99)["extra"]) == len(ring)
    assert ring.bars(2).close.flags.c_contiguous


def test_what_has_not_been_put_is_not_a_number_even_where_something_was():
    ring = filled(9)
    ring.replace(np.array([900, 1800]), np.ones((2, 5)))
    assert np.isnan(ring["extra"]).all()
    for i in range(20):
        ring.append(900 * i, [1.0] * 5)
    assert np.isnan(ring["extra"]).all()
