"""A broker that fills on paper, from closed bars alone: the same for back-test and live bot.

It has no way to see a later bar, so neither has whoever trades through it.
"""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kaidan.errors import DataError
from kaidan.market.bar import ONE_BAR, Bar
from kaidan.trading.broker import Broker
from kaidan.trading.order import ENTRY, Account, Executed, Fill, Order
from kaidan.trading.policy import Side
from kaidan.trading.position import ExitReason, Position, Trade, enter
from kaidan.trading_settings import TradingSettings

_NOTHING = Executed((), ())
# Rounding must not leave a trillionth of a position behind.
_ALL = 1.0 - 1e-12


class PaperBroker(Broker):
    """Fills at the opens of traded bars, and inside them where a stop or target is reached.

    On a bar that nobody traded on nothing fills, and in one bar all orders of one direction
    together get at most `max_volume_share` of its volume. An entry is about the next bar: what it
    does not get there is dropped. An exit goes on until nothing is held: what a target did not get
    rests at its price, what any other exit did not get (a stop too, once hit) is sold at the opens
    that follow. What has lost everything at a traded close is closed there.

    Parameters
    ----------
    settings : TradingSettings

    Attributes
    ----------
    equity_share : float
        Marked to the last close; 1 at the start.
    position : Position or None
    """

    def __init__(self, settings: TradingSettings) -> None:
        self.equity_share = 1.0
        self.position: Position | None = None
        self._settings = settings
        self._settled = 1.0
        self._time: datetime | None = None
        self._close = math.nan
        self._entry: Order | None = None
        self._exit: ExitReason | None = None
        self._due: datetime | None = None
        self._n_fills = self._n_trades = 0

    @property
    def side(self) -> Side:
        """What is held."""
        return Side.FLAT if self.position is None else self.position.side

    @property
    def account(self) -> Account:
        """What there is after the last bar."""
        held = self.position
        equity_quote = self.equity_share * self._settings.initial_equity_quote
        quantity = held.held * self._entered(held) if held else 0.0
        notional = quantity * self._close if held else 0.0
        return Account(
            equity_share=self.equity_share,
            equity_quote=equity_quote,
            side=self.side,
            quantity=quantity,
            position_share=notional / equity_quote if equity_quote > 0 else 0.0,
            entry_time=held.time if held else None,
            entry_price=held.price if held else None,
            stop_price=held.stop if held else None,
            target_price=held.target if held else None,
            due_time=self._due,
            unrealised_quote=held.side * (notional - quantity * held.price) if held else 0.0,
            pending_entry=self._entry,
            pending_exit=self._exit,
            n_fills=self._n_fills,
            n_trades=self._n_trades,
        )

    def on_bar(self, bar: Bar, *, tradable: bool = True) -> Executed:
        """Execute what was asked for since the last bar; see `Broker.on_bar`.

        A bar that is not tradable opens nothing, and what is held is closed at its open.
        """
        if self._time is not None and bar.time <= self._time:
            raise DataError(
                f"broker: got the bar of {bar.time} after that of {self._time}: "
                "give each closed bar once, oldest first"
            )
        entry, self._entry = self._entry, None
        if not tradable or bar.time - ONE_BAR != self._time:
            entry = None
        if not tradable:
            self.exit(ExitReason.MASKED)
        done = _NOTHING
        if bar.traded and (entry is not None or self.position is not None):
            done = self._fill(bar, entry)
        growth = 1.0 if self.position is None else self.position.growth(bar.close)
        self.equity_share = self._settled * max(growth, 0.0)
        self._time, self._close = bar.time, bar.close
        return done

    def enter(self, order: Order) -> None:
        """Ask for an entry; see `Broker.enter`."""
        self._entry = order

    def exit(self, reason: ExitReason) -> None:
        """Ask to leave; see `Broker.exit`. The reason asked for last counts, but after a stop."""
        if self.position is not None and self._exit is not ExitReason.STOP:
            self._exit = reason

    def extend(self, due_bars: int) -> None:
        """Prolong the time-out; see `Broker.extend`."""
        if self._time is not None and self._due is not None:
            self._due = max(self._due, self._time + ONE_BAR * (due_bars + 1))

    def close_out(self, bar: Bar) -> Executed:
        """Close what is held at the close of the last `bar`, all of it, to settle the account."""
        if self.position is None:
            return _NOTHING
        fill, trades = self._leave(self.position, bar, bar.close, ExitReason.END, math.inf)
        self.equity_share = self._settled
        return Executed((fill,), trades)

    def state(self) -> dict[str, Any]:
        """Everything that `restore` needs, as plain JSON values, exact."""
        return {
            "equity_share": self.equity_share,
            "settled_share": self._settled,
            "position": self.position and self.position.to_dict(),
            "time": self._time and self._time.isoformat(),
            "close": None if self._time is None else self._close,
            "entry": self._entry and self._entry.to_dict(),
            "exit": self._exit and self._exit.value,
            "due": self._due and self._due.isoformat(),
            "n_fills": self._n_fills,
            "n_trades": self._n_trades,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`; see `Broker.restore`."""
        try:
            position, time, due = state["position"], state["time"], state["due"]
            entry, exit_ = state["entry"], state["exit"]
            self.equity_share, self._settled = state["equity_share"], state["settled_share"]
            self.position = position and Position.from_dict(position, self._settings)
            self._time = time and datetime.fromisoformat(time)
            self._close = math.nan if time is None else state["close"]
            self._entry = entry and Order.from_dict(entry)
            self._exit = exit_ and ExitReason(exit_)
            self._due = due and datetime.fromisoformat(due)
            self._n_fills, self._n_trades = state["n_fills"], state["n_trades"]
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"broker: got a state that it never wrote ({type(error).__name__}: {error}), want "
                "that of a paper broker: begin a new journal"
            ) from error

    def _fill(self, bar: Bar, entry: Order | None) -> Executed:
        """What happens in a traded bar: leave, enter, and leave again inside it."""
        fills: list[Fill] = []
        trades: tuple[Trade, ...] = ()
        room = self._settings.max_volume_share * bar.volume
        reason = self._exit
        if reason is None and self._due is not None and bar.time >= self._due:
            reason = ExitReason.TIME_OUT
        if self.position is not None and reason is not None:
            fill, trades = self._leave(self.position, bar, bar.open, reason, room)
            fills.append(fill)
            room -= fill.quantity  # an entry after an exit is a turn, in the same direction
        if self.position is None and entry is not None and self._settled > 0 and room > 0:
            fills.append(self._enter(entry, bar, room))
        if self.position is not None and self._exit is None:
            reached = self.position.exit_inside(bar)
            if reached is not None:
                fill, closed = self._leave(self.position, bar, *reached, room)
                fills.append(fill)
                trades += closed
        if self.position is not None and self.position.growth(bar.close) <= 0:
            lost = ExitReason.LIQUIDATED
            fill, closed = self._leave(self.position, bar, bar.close, lost, math.inf)
            fills.append(fill)
            trades += closed
        return Executed(tuple(fills), trades)

    def _enter(self, order: Order, bar: Bar, room: float) -> Fill:
        position = enter(
            order.side,
            bar,
            self._settings,
            share=order.share,
            stop_share=order.stop_share,
            target_share=order.target_share,
        )
        wanted = self._entered(position)
        partial = room < wanted
        if partial:
            position.share *= room / wanted
        self.position = position
        self._due = bar.time + ONE_BAR * order.due_bars
        quantity = self._entered(position)
        return self._record(bar, order.side, quantity, bar.open, position.price, ENTRY, partial)

    def _leave(
        self, position: Position, bar: Bar, quoted: float, reason: ExitReason, room: float
    ) -> tuple[Fill, tuple[Trade, ...]]:
        """Close what `room` allows; the trade once nothing is held any more."""
        entered = self._entered(position)
        partial = room < position.held * entered * _ALL
        part = room / entered if partial else position.held
        price = position.exit_price(quoted, reason)
        position.leave(part, quoted, price)
        side = Side.SHORT if position.side is Side.LONG else Side.LONG
        fill = self._record(bar, side, part * entered, quoted, price, reason.value, partial)
        if partial:
            self._exit = None if reason is ExitReason.TARGET else reason
            return fill, ()
        trade = position.trade(bar.time, reason)
        self._settled *= 1.0 + trade.net_return
        self._n_trades += 1
        self.position = self._exit = self._due = None
        return fill, (trade,)

    def _entered(self, position: Position) -> float:
        """Quantity that was bought or sold short, in base currency."""
        return position.share * self._settled * self._settings.initial_equity_quote / position.price

    def _record(
        self,
        bar: Bar,
        side: Side,
        quantity: float,
        quoted: float,
        price: float,
        reason: str,
        partial: bool,
    ) -> Fill:
        self._n_fills += 1
        return Fill(
            time=bar.time,
            side=side,
            price=price,
            quantity=quantity,
            fee_quote=self._settings.taker_fee_share * quantity * price,
            slippage_quote=quantity * abs(price - quoted),
            reason=reason,
            partial=partial,
        )
