"""What an answer asks to be held: the one decision that a risk manager would want to overrule."""

from enum import IntEnum

from kaidan.signal import Signal


class Side(IntEnum):
    """What is held; the value is the sign of its gain when the price rises."""

    SHORT = -1
    FLAT = 0
    LONG = 1


def wanted_side(answer: Signal, held: Side, *, allow_short: bool) -> Side:
    """Side to hold after `answer`; HOLD asks for no change.

    Where short is not allowed, SELL asks to be flat.
    """
    if answer is Signal.BUY:
        return Side.LONG
    if answer is Signal.SELL:
        return Side.SHORT if allow_short else Side.FLAT
    return held
