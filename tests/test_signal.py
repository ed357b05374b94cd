"""The one encoding: every class index and every name lead to the same decision."""

import pytest

from kaidan.signal import CLASS_NAMES, N_CLASSES, Signal


def test_sell_hold_and_buy_are_0_1_and_2() -> None:
    assert [(signal.name, int(signal)) for signal in Signal] == [
        ("SELL", 0),
        ("HOLD", 1),
        ("BUY", 2),
    ]


def test_name_and_number_go_round() -> None:
    for number, name in enumerate(CLASS_NAMES):
        assert Signal[name] == number
        assert Signal(number).name == name
    assert len(CLASS_NAMES) == N_CLASSES


def test_a_number_that_is_no_class_is_no_signal() -> None:
    with pytest.raises(ValueError, match="3 is not a valid Signal"):
        Signal(3)
