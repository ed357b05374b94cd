"""A position and the trade that it becomes: who paid what, as shares of the equity at entry."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

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


@dataclass(frozen=True)
class Trade:
    """A position from entry to exit.

    Attributes
    ----------
    side : Side
        LONG or SHORT.
    entry_time, exit_time : datetime
        Open times of the bars that were traded in.
    entry_price, exit_price : float
        As paid and received: slippage is in them, fees are not.
    reason : ExitReason
    net_return : float, share of the equity at entry, after costs
        At least -1: an exchange closes what has lost everything.
    costs : float, share of the equity at entry
        Fees and slippage of both fills.
    traded : float, share of the equity at entry
        Notional of both fills.
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


@dataclass(frozen=True)
class Position:
    """What is held since a fill.

    Attributes
    ----------
    price, quoted : float
        Entry price with slippage and without.
    stop, target : float, prices
        Infinite where there is none.
    """

    side: Side
    time: datetime
    price: float
    quoted: float
    stop: float
    target: float
    settings: TradingSettings

    def growth(self, price: float) -> float:
        """Equity over that before the entry, with the position valued at `price`."""
        gain = self.side * (price / self.price - 1.0)
        return 1.0 + self.settings.position_share * (gain - self.settings.taker_fee_share)

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

    def leave(self, time: datetime, quoted: float, reason: ExitReason) -> Trade:
        """Close at `quoted`; slippage goes on top, save for a target, which is a limit order."""
        slippage = 0.0 if reason is ExitReason.TARGET else self.settings.slippage_share
        price = quoted * (1.0 - self.side * slippage)
        share = self.settings.position_share
        traded = share * (1.0 + price / self.price)
        fees = self.settings.taker_fee_share * traded
        slipped = share * (abs(self.price - self.quoted) + abs(price - quoted)) / self.price
        gain = share * self.side * (price / self.price - 1.0)
        return Trade(
            side=self.side,
            entry_time=self.time,
            entry_price=self.price,
            exit_time=time,
            exit_price=price,
            reason=reason,
            net_return=max(gain - fees, -1.0),
            costs=fees + slipped,
            traded=traded,
        )


def enter(side: Side, bar: Bar, settings: TradingSettings, threshold_return: float) -> Position:
    """Buy or sell short at the open of `bar`, with stop and target around the price paid."""
    price = bar.open * (1.0 + side * settings.slippage_share)
    risk = side * threshold_return * settings.stop_in_label_thresholds
    prize = side * threshold_return * settings.target_in_label_thresholds
    return Position(
        side=side,
        time=bar.time,
        price=price,
        quoted=bar.open,
        stop=price * (1.0 - risk),
        target=price * (1.0 + prize),
        settings=settings,
    )
