import numpy as np
import pytest

from kaidan.errors import UsageError
from kaidan.monitoring.comparison import compare_versions
from kaidan.settings import load_settings
from tests.monitoring.forecasts import Bars
from tests.monitoring.made import made_decisions

SETTINGS = load_settings()


def test_the_shadow_may_be_the_better_one() -> None:
    bars = Bars(0, 8640)
    decisions = made_decisions(bars.learnt_nothing(), bars.good(), bars.labels)
    found = compare_versions(decisions, SETTINGS, 3)
    assert found.verdict.startswith("version 1 is better: e = ")
    assert found.shadow.log_loss < found.live.log_loss
    assert found.difference.low > 0.0


def test_a_lead_that_turned_is_said_to_be_none() -> None:
    sure, doubting = np.array([0.1, 0.1, 0.8]), np.array([0.3, 0.4, 0.3])
    n, turned = 2400, 400
    first = (np.arange(n) < turned)[:, None]
    live, shadow = np.where(first, sure, doubting), np.where(first, doubting, sure)
    found = compare_versions(made_decisions(live, shadow, np.full(n, 2.0)), SETTINGS, None)
    assert found.live.better.settled_after < turned < found.shadow.better.settled_after
    assert found.verdict == "each was better for a time: what holds now is not told by one number"


def test_only_the_newest_pair_is_compared() -> None:
    bars = Bars(1, 600)
    decisions = made_decisions(bars.good(), bars.good(), bars.labels)
    decisions.version[:300] = 1
    decisions.shadow_version[:300] = 0
    assert compare_versions(decisions, SETTINGS, None).n_bars == 600 - 300 - 16
    with pytest.raises(UsageError, match="no bar at level 1 was answered"):
        compare_versions(decisions, SETTINGS, 1)
