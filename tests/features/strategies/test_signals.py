import numpy as np
import pytest

from kaidan.features.manager import FeatureManager
from tests.features.strategies.plain import RULES

WARMUP, COMPARED = 2976, 250


@pytest.fixture(scope="module")
def features(make_bars):
    return FeatureManager().generate_features(make_bars(WARMUP + 4000))


@pytest.mark.parametrize("name", RULES)
def test_each_signal_has_opinions_on_both_sides_and_abstains_in_between(features, name):
    signal = features[name]
    assert signal.between(-1.0, 1.0).all()
    assert signal.min() < 0.0 < signal.max()
    assert (signal == 0.0).any()


@pytest.mark.parametrize("name", RULES)
def test_each_signal_is_what_its_rule_says_bar_by_bar(features, name):
    closed_at = features.index + (features.index[1] - features.index[0])
    rows = features.assign(closed_at=closed_at).to_dict("records")
    expected = [RULES[name](rows[: t + 1]) for t in range(len(rows) - COMPARED, len(rows))]
    np.testing.assert_allclose(features[name].to_numpy()[-COMPARED:], expected, atol=1e-9)


@pytest.mark.parametrize("name", RULES)
def test_no_signal_is_constant_on_real_bars(real_bars, name):
    signal = FeatureManager().generate_features(real_bars.iloc[-8000:])[name]
    assert signal.between(-1.0, 1.0).all()
    assert signal.min() < 0.0 < signal.max()


def test_a_market_that_does_not_move_gives_no_opinion(flat_bars):
    # MultiTimeframe and ATRBased still remember the 600 bars that moved, and may speak.
    last = FeatureManager().generate_features(flat_bars).iloc[-1]
    for name in ("MochipoyAlert", "DonchianChannel"):
        assert last[f"strategy_signal_{name}"] == 0.0
