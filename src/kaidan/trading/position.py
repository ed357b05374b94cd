"""A position and the trade that it becomes: who paid what, as shares of the equity at entry."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from kaidan.market.bar import Bar
from kaidan.trading.policy import Side
from kaidan.trading_settings import TradingSettings


class ExitReason(StrEnum):
    """Why a position ended."""

    STOP = "stop"
    TARGET = "target"
    TIME_OUT = "time_out"
    TURN = "turn"
    MASKED = "masked"
    END = "end"
    LIQUIDATED = "liquidated"


@dataclass(frozen=True)
class Trade:
    """A position from entry to exit.

    Attributes
    ----------
    side : Side
        LONG or SHORT.
    entry_time, exit_time : datetime
        Open times of the bars that it was entered in and that closed the last of it.
    entry_price, exit_price : float
        As paid and received on average: slippage is in them, fees are not.
    reason : ExitReason
        Of the fill that closed the last of it.
    net_return : float, share of the equity at entry, after costs
        At least -1: an exchange closes what has lost everything.
    costs : float, share of the equity at entry
        Fees and slippage of all fills.
    traded : float, share of the equity at entry
        Notional of all fills.
    """

    side: Side
    entry_time: datetime
    entry_price: float
    exit_time: datetime
    exit_price: float
    reason: ExitReason
    net_return: float
    costs: float
    traded: float

    def to_dict(self) -> dict[str, Any]:
        """Return the trade as plain JSON values."""
        return vars(self) | {
            "side": self.side.name,
            "entry_time": self.entry_time.isoformat(),
            "exit_time": self.exit_time.isoformat(),
            "reason": self.reason.value,
        }


@dataclass
class Position:
    """What is held since a fill, and what was left of it at which prices.

    Attributes
    ----------
    price, quoted : float
        Entry price with slippage and without.
    stop, target : float, prices
        Infinite where there is none.
    share : float
        Notional over equity, both at entry.
    held : float in [0, 1]
        How much of what was entered is still held.
    left_price : float
        Sum of the prices at which parts were left, each times its part; slippage is in them.
    left_slippage : float, price units
        The slippage in it.
    """

    side: Side
    time: datetime
    price: float
    quoted: float
    stop: float
    target: float
    share: float
    settings: TradingSettings
    held: float = 1.0
    left_price: float = 0.0
    left_slippage: float = 0.0

    def growth(self, price: float) -> float:
        """Equity over that before the entry, with what is still held valued at `price`."""
        gain = self.side * ((self.left_price + self.held * price) / self.price - 1.0)
        fees = self.settings.taker_fee_share * (1.0 + self.left_price / self.price)
        return 1.0 + self.share * (gain - fees)

    def exit_inside(self, bar: Bar) -> tuple[float, ExitReason] | None:
        """Quoted price and reason of the exit that `bar` reaches, if it does.

        If both are touched the stop counts: a bar does not say which came first. A bar that opens
        beyond the stop is left at its open; one that opens beyond the target still pays the
        target only, because an order that rests in the book is filled at its own price.
        """
        if self.side is Side.LONG:
            stopped, reached = bar.low <= self.stop, bar.high >= self.target
            worst = min(bar.open, self.stop)
        else:
            stopped, reached = bar.high >= self.stop, bar.low <= self.target
            worst = max(bar.open, self.stop)
        if stopped:
            return worst, ExitReason.STOP
        return (self.target, ExitReason.TARGET) if reached else None

    def exit_price(self, quoted: float, reason: ExitReason) -> float:
        """Price received: slippage goes on top, save for a target, which is a limit order."""
        slippage = 0.0 if reason is ExitReason.TARGET else self.settings.slippage_share
        return quoted * (1.0 - self.side * slippage)

    def leave(self, part: float, quoted: float, price: float) -> None:
        """Close `part` of what was entered, at most what is held, at `price`."""
        self.held -= part
        self.left_price += part * price
        self.left_slippage += part * abs(price - quoted)

    def trade(self, time: datetime, reason: ExitReason) -> Trade:
        """Sum up, once nothing is held any more."""
        relative = self.left_price / self.price
        traded = self.share * (1.0 + relative)
        fees = self.settings.taker_fee_share * traded
        slipped = self.share * (abs(self.price - self.quoted) + self.left_slippage) / self.price
        return Trade(
            side=self.side,
            entry_time=self.time,
            entry_price=self.price,
            exit_time=time,
            exit_price=self.left_price,
            reason=reason,
            net_return=max(self.share * self.side * (relative - 1.0) - fees, -1.0),
            costs=fees + slipped,
            traded=traded,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the position as plain JSON values, without the settings."""
        values = vars(self) | {"side": self.side.name, "time": self.time.isoformat()}
        del values["settings"]
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], settings: TradingSettings) -> Self:
        """Undo `to_dict`."""
        side, time = Side[values["side"]], datetime.fromisoformat(values["time"])
        return cls(**{**values, "side": side, "time": time}, settings=settings)


def enter(
    side: Side,
    bar: Bar,
    settings: TradingSettings,
    *,
    share: float,
    stop_share: float,
    target_share: float,
) -> Position:
    """Buy or sell short at the open of `bar`, with stop and target around the price paid.

    Parameters
    ----------
    side : Side
    bar : Bar
    settings : TradingSettings
    share : float
        Notional over equity.
    stop_share, target_share : float, shares of the price paid
        How far they are from it; infinite for none.
    """
    price = bar.open * (1.0 + side * settings.slippage_share)
    return Position(
        side=side,
        time=bar.time,
        price=price,
        quoted=bar.open,
        stop=price * (1.0 - side * stop_share),
        target=price * (1.0 + side * target_share),
        share=share,
        settings=settings,
    )
