"""Costs and exits that make no sense are refused before anything is traded."""

import pytest
from pydantic import ValidationError

from kaidan.settings import load_settings
from tests.trading.kit import trading


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("taker_fee_share", -0.001),
        ("slippage_share", -0.001),
        ("slippage_share", 1.0),
        ("stop_in_label_thresholds", 0.0),
        ("target_in_label_thresholds", -1.0),
        ("position_share", 0.0),
        ("position_share", 1.01),
        ("min_strategy_confidence", 0.0),
        ("initial_equity_quote", 0.0),
        ("max_volume_share", 0.0),
        ("max_volume_share", 1.01),
        ("leverage", 2.0),
    ],
)
def test_nonsense_is_refused_by_its_name(name, value):
    with pytest.raises(ValidationError, match=name):
        trading(**{name: value})


def test_the_default_costs_are_those_that_the_user_pays():
    assert load_settings().bot.trading.taker_fee_share == 0.0012
