"""What a stream of answers makes of an account: the policy of a back-test, on the bot's broker."""

from kaidan.market.bar import Bar
from kaidan.settings import LabelSettings
from kaidan.signal import Signal
from kaidan.trading.order import Order
from kaidan.trading.paper import PaperBroker
from kaidan.trading.policy import Side, wanted_side
from kaidan.trading.position import ExitReason, Position, Trade
from kaidan.trading_settings import TradingSettings


class Engine:
    """One position at a time, opened and closed by the answers of a model.

    An answer given at the close of a bar is acted on at the open of the next. A position ends at
    its stop or target, at an answer for the other side, or `horizon_bars` after the last answer
    for its own side: to close what would be bought again pays costs for nothing.

    How orders are filled is the broker's matter: see `PaperBroker`.

    Parameters
    ----------
    settings : TradingSettings
    label : LabelSettings
        What the answers foresee: its horizon times a position out, its threshold scales stop
        and target.
    """

    def __init__(self, settings: TradingSettings, label: LabelSettings) -> None:
        self._broker = PaperBroker(settings)
        self._allow_short = settings.allow_short
        self._horizon_bars = label.horizon_bars
        self._orders = {
            side: Order(
                side=side,
                share=settings.position_share,
                stop_share=label.threshold_return * settings.stop_in_label_thresholds,
                target_share=label.threshold_return * settings.target_in_label_thresholds,
                due_bars=label.horizon_bars,
            )
            for side in (Side.LONG, Side.SHORT)
        }

    @property
    def equity(self) -> float:
        """Marked to the last close; 1 at the start."""
        return self._broker.equity_share

    @property
    def position(self) -> Position | None:
        """What is held, with its stop and target."""
        return self._broker.position

    @property
    def side(self) -> Side:
        """Side of what is held."""
        return self._broker.side

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
        done = self._broker.on_bar(bar, tradable=tradable)
        if tradable and answer is not Signal.HOLD:
            self._hear(answer)
        return done.trades

    def close_out(self, bar: Bar) -> tuple[Trade, ...]:
        """Close what is open at the close of the last `bar`, to settle the account."""
        return self._broker.close_out(bar).trades

    def _hear(self, answer: Signal) -> None:
        held = self._broker.side
        wanted = wanted_side(answer, held, allow_short=self._allow_short)
        if wanted is held:
            self._broker.extend(self._horizon_bars)
            return
        self._broker.exit(ExitReason.TURN)
        if wanted is not Side.FLAT:
            self._broker.enter(self._orders[wanted])
