import numpy as np
import pytest

from kaidan.features.strategies.atr_based import atr_based, volatility_regime


def signal(strategies, band, rsi, natr):
    regime = volatility_regime(natr, strategies.atr_based)
    return atr_based(band, rsi, regime, strategies.atr_based)


def last(strategies, band, rsi, natr=1.0):
    """Signal of the last of 96 bars, of which the others have a normalised ATR of 1."""
    usual = np.ones(96)
    usual[-1] = natr
    return signal(strategies, np.full(96, band), np.full(96, rsi), usual)[-1]


@pytest.mark.parametrize(
    ("band", "rsi", "expected"),
    [
        (0.5, 50.0, 0.0),
        (0.3, 35.0, 0.4),  # both just begin: 0.2 + 0.2
        (0.1, 5.0, 0.85),  # both full: 1.1, capped
        (0.7, 65.0, -0.4),
        (0.8, 80.0, -0.75),  # both half way: 2 x 0.375
        (0.2, 50.0, 0.7 * 0.375),  # one alone
        (1.4, 50.0, -0.7 * 0.55),  # beyond the band is no more than full
        (0.5, 95.0, -0.7 * 0.55),
        (0.1, 95.0, 0.0),  # opposed
    ],
)
def test_votes_against_a_stretched_move(strategies, band, rsi, expected):
    assert last(strategies, band, rsi) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("natr", "factor"), [(1.0, 1.0), (0.4, 0.8), (0.6, 1.0), (1.4, 1.0), (1.7, 1.02)]
)
def test_the_regime_scales_the_vote(strategies, natr, factor):
    assert last(strategies, 0.3, 35.0, natr) == pytest.approx(0.4 * factor)


def test_without_volatility_the_regime_is_usual(strategies):
    column = signal(strategies, np.full(96, 0.3), np.full(96, 35.0), np.zeros(96))
    assert column[-1] == pytest.approx(0.4)


def test_the_regime_needs_its_full_window(strategies):
    ones = np.ones(97)
    column = signal(strategies, ones * 0.5, ones * 50, ones)
    assert np.isnan(column[:95]).all()
    assert (column[95:] == 0.0).all()
