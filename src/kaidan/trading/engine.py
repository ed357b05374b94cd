"""The one engine of back-test and live bot: told one closed bar and one answer at a time.

It has no way to see a later bar, so a replay through it cannot either.
"""

from datetime import UTC, datetime

from kaidan.errors import DataError
from kaidan.market.bar import ONE_BAR, Bar
from kaidan.settings import LabelSettings
from kaidan.signal import Signal
from kaidan.trading.policy import Side, wanted_side
from kaidan.trading.position import ExitReason, Position, Trade, enter
from kaidan.trading_settings import TradingSettings


class Engine:
    """One position at a time, opened and closed by the answers of a model.

    An answer given at the close of a bar is acted on at the open of the next. A position ends at
    its stop or target, at an answer for the other side, or `horizon_bars` after the last answer
    for its own side: to close what would be bought again pays costs for nothing.

    On a bar that nobody traded on nothing fills: an entry is then dropped, because the answer was
    about the bar after it, and an exit, once decided, waits for the first traded bar.

    Parameters
    ----------
    settings : TradingSettings
    label : LabelSettings
        What the answers foresee: its horizon times a position out, its threshold scales stop
        and target.

    Attributes
    ----------
    equity : float
        Marked to the last close; 1 at the start.
    position : Position or None
    """

    def __init__(self, settings: TradingSettings, label: LabelSettings) -> None:
        self.equity = 1.0
        self.position: Position | None = None
        self._settings = settings
        self._label = label
        self._settled = 1.0
        self._last: datetime | None = None
        self._entry = Side.FLAT
        self._exit: ExitReason | None = None
        self._due = datetime.max.replace(tzinfo=UTC)

    @property
    def side(self) -> Side:
        """What is held."""
        return Side.FLAT if self.position is None else self.position.side

    def on_bar(self, bar: Bar, answer: Signal, *, tradable: bool = True) -> tuple[Trade, ...]:
        """Execute what the last bar asked for, then hear what this one asks for.

        Parameters
        ----------
        bar : Bar
            Closed, and later than any bar before it.
        answer : Signal
            Given at its close.
        tradable : bool
            False: nothing is opened on this bar, what is open is closed at its open, and its
            answer is not heard.

        Returns
        -------
        tuple of Trade
            What this bar closed: two trades at most, after a turn that was stopped at once.

        Raises
        ------
        DataError
            The bar is not later than the one before it.
        """
        if self._last is not None and bar.time <= self._last:
            raise DataError(
                f"engine: got the bar of {bar.time} after that of {self._last}: "
                "give each closed bar once, oldest first"
            )
        if not tradable or bar.time - ONE_BAR != self._last:
            self._entry = Side.FLAT
        if not tradable and self.position is not None:
            self._exit = ExitReason.MASKED
        closed = self._fill(bar) if bar.traded else ()
        self.equity = self._settled * (self.position.growth(bar.close) if self.position else 1.0)
        self._hear(answer if tradable else Signal.HOLD, bar)
        self._last = bar.time
        return closed

    def close_out(self, bar: Bar) -> tuple[Trade, ...]:
        """Close what is open at the close of the last `bar`, to settle the account."""
        if self.position is None:
            return ()
        return (self._leave(self.position, bar, bar.close, ExitReason.END),)

    def _fill(self, bar: Bar) -> tuple[Trade, ...]:
        closed = []
        if self.position is not None:
            reason = self._exit or (ExitReason.TIME_OUT if bar.time >= self._due else None)
            if reason is not None:
                closed.append(self._leave(self.position, bar, bar.open, reason))
        if self.position is None and self._entry is not Side.FLAT and self._settled > 0:
            self.position = enter(self._entry, bar, self._settings, self._label.threshold_return)
        if self.position is not None:
            reached = self.position.exit_inside(bar)
            if reached is not None:
                closed.append(self._leave(self.position, bar, *reached))
        return tuple(closed)

    def _leave(self, position: Position, bar: Bar, quoted: float, reason: ExitReason) -> Trade:
        trade = position.leave(bar.time, quoted, reason)
        self._settled *= 1.0 + trade.net_return
        self.equity, self.position, self._exit = self._settled, None, None
        return trade

    def _hear(self, answer: Signal, bar: Bar) -> None:
        held = self.side
        wanted = wanted_side(answer, held, allow_short=self._settings.allow_short)
        self._entry = Side.FLAT if wanted is held else wanted
        if self.position is not None and wanted is not held:
            self._exit = ExitReason.TURN
        if answer is not Signal.HOLD:
            self._due = bar.time + ONE_BAR * (self._label.horizon_bars + 1)
