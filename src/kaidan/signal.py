"""The one encoding of a decision. Nowhere else is a class a bare number."""

from enum import IntEnum


class Signal(IntEnum):
    """What the bot is told to do; the value is the class index of every model.

    Examples
    --------
    >>> Signal.HOLD.name, int(Signal.HOLD), Signal(2)
    ('HOLD', 1, <Signal.BUY: 2>)
    """

    SELL = 0
    HOLD = 1
    BUY = 2


CLASS_NAMES = tuple(signal.name for signal in Signal)
N_CLASSES = len(Signal)
