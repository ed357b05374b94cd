"""What a broker is asked for, and what it tells back: one vocabulary for paper and for an exchange.

Sizes are asked for as shares of the equity, because that is what risk is measured in, and filled
in base currency, because that is what an exchange knows.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self

from kaidan.errors import UsageError
from kaidan.trading.policy import Side
from kaidan.trading.position import ExitReason, Trade

ENTRY = "entry"


@dataclass(frozen=True, kw_only=True)
class Order:
    """An entry at the open of the next bar.

    Attributes
    ----------
    side : Side
        LONG or SHORT.
    share : float in (0, 1]
        Notional over the equity at the fill.
    stop_share, target_share : float, shares of the price paid
        How far stop and target are from it.
    due_bars : int, bars
        How many bars after the answer's own it is held through; it is left at the open of the
        next one.

    Raises
    ------
    UsageError
        Any of them is out of its range.
    """

    side: Side
    share: float
    stop_share: float
    target_share: float
    due_bars: int

    def __post_init__(self) -> None:
        distances = (self.stop_share, self.target_share)
        whole = (
            self.side is not Side.FLAT
            and 0.0 < self.share <= 1.0
            and all(0.0 < distance < math.inf for distance in distances)
            and self.due_bars >= 1
        )
        if not whole:
            raise UsageError(
                f"order: got {self}, want LONG or SHORT, a share in (0, 1], positive distances "
                "and 1 bar or more: send no order instead"
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the order as plain JSON values."""
        return vars(self) | {"side": self.side.name}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Undo `to_dict`."""
        return cls(**{**values, "side": Side[values["side"]]})


class Fill(NamedTuple):
    """What was bought or sold at one moment.

    Attributes
    ----------
    time : datetime
        Open time of the bar that it was filled in.
    side : Side
        LONG bought, SHORT sold, whether that opened or closed a position.
    price : float
        Slippage is in it, the fee is not.
    quantity : float, base currency
    fee_quote, slippage_quote : float, quote currency
    reason : str
        `entry`, or the value of an ExitReason.
    partial : bool
        It was less than was asked for.
    """

    time: datetime
    side: Side
    price: float
    quantity: float
    fee_quote: float
    slippage_quote: float
    reason: str
    partial: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the fill as plain JSON values."""
        return self._asdict() | {"time": self.time.isoformat(), "side": self.side.name}


class Executed(NamedTuple):
    """What was done in one bar.

    Attributes
    ----------
    fills : tuple of Fill
        In order.
    trades : tuple of Trade
        Positions whose last part was closed: two at most, after a turn that was stopped at once.
    """

    fills: tuple[Fill, ...]
    trades: tuple[Trade, ...]


@dataclass(frozen=True, kw_only=True)
class Account:
    """What there is after a bar, valued at its close.

    Attributes
    ----------
    equity_share : float
        1 at the start; never below 0.
    equity_quote : float, quote currency
    side : Side
        What is held.
    quantity : float, base currency
        How much of it, 0 or more.
    position_share : float
        Its notional over the equity, 0 or more.
    entry_time, entry_price, stop_price, target_price, due_time : optional
        Of the position. It is not held through the bar that opens at `due_time`, or a later one.
    unrealised_quote : float, quote currency
        Gain of what is still held, before the costs of leaving.
    pending_entry : Order, optional
        Filled at the open of the next bar, or dropped.
    pending_exit : ExitReason, optional
        Filled at the next opens at which anybody trades, until nothing is left.
    n_fills, n_trades : int
        Since the start.
    """

    equity_share: float
    equity_quote: float
    side: Side
    quantity: float
    position_share: float
    entry_time: datetime | None
    entry_price: float | None
    stop_price: float | None
    target_price: float | None
    due_time: datetime | None
    unrealised_quote: float
    pending_entry: Order | None
    pending_exit: ExitReason | None
    n_fills: int
    n_trades: int

    def to_dict(self) -> dict[str, Any]:
        """Return the account as plain JSON values."""
        return vars(self) | {
            "side": self.side.name,
            "entry_time": self.entry_time and self.entry_time.isoformat(),
            "due_time": self.due_time and self.due_time.isoformat(),
            "pending_entry": self.pending_entry and self.pending_entry.to_dict(),
            "pending_exit": self.pending_exit and self.pending_exit.value,
        }
