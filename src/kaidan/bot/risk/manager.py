"""One answer in, one decision out: the score chooses a side, vetoes stop it, Kelly sizes it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike

from kaidan.bot.risk.consensus import Consensus, StrategyConsensus
from kaidan.bot.risk.context import RiskContext
from kaidan.bot.risk.entry_checks import EntryChecks
from kaidan.bot.risk.market_checks import MarketChecks
from kaidan.bot.risk.ml_view import MlView, view_of_arrays, view_of_prediction
from kaidan.bot.risk.pauses import Pauses
from kaidan.bot.risk.size import Size, Sizer
from kaidan.bot.risk.verdict import Verdict
from kaidan.errors import DataError
from kaidan.settings import Settings
from kaidan.signal import Signal
from kaidan.trading.order import Order
from kaidan.trading.policy import Side
from kaidan.trading.position import ExitReason, Trade


class IntegratedRiskManager:
    """Weighs the model and the strategies, and says what to open, leave or hold.

    After each bar: `on_trades` with what it closed, then `decide` once.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self._risk = settings.bot.risk
        self._horizon_bars = settings.training.label.horizon_bars
        self._consensus = StrategyConsensus(self._risk.strategies)
        self._entry = EntryChecks(settings)
        self._market = MarketChecks(settings)
        self._sizer = Sizer(settings)
        self._pauses = Pauses(self._risk)

    def evaluate_ml_signals(self, predictions: ArrayLike, probabilities: ArrayLike) -> MlView:
        """Make one view of the answers that models give about the same bar.

        Each answer counts alike. The signal is the one with most confidence behind it, HOLD when
        two tie; probabilities and edge are means.

        Parameters
        ----------
        predictions : Signals of shape (n,), or one
            As Signal, name or value 0, 1, 2.
        probabilities : float of shape (n, 3), or (3,) for one
            Of SELL, HOLD, BUY. A row of zeros or of NaN abstains, and so does (0, 1, 0), which
            only the dummy says: an abstention weighs nothing.

        Raises
        ------
        UsageError
            Shapes differ, a prediction is no Signal, or a row is no distribution.

        Examples
        --------
        >>> from kaidan.settings import load_settings
        >>> risk = IntegratedRiskManager(load_settings())
        >>> view = risk.evaluate_ml_signals(["BUY", "HOLD"], [[0.2, 0.3, 0.5], [0, 0, 0]])
        >>> view.direction.name, view.confidence, round(view.edge, 2), view.abstains
        ('LONG', 0.5, 0.3, False)
        """
        return view_of_arrays(predictions, probabilities)

    def on_trades(self, trades: Sequence[Trade]) -> None:
        """Hear what was closed since the last decision, each trade once."""
        self._pauses.on_trades(trades)

    def decide(self, context: RiskContext) -> Verdict:
        """Decide what to do after a closed bar.

        An answer for the held side prolongs it; one for the other side, if the score agrees,
        leaves it, and turns if nothing speaks against an entry. HOLD changes nothing, and neither
        does the dummy.

        Raises
        ------
        UsageError
            The prediction's probabilities are no distribution.
        """
        account = context.account
        held, leaving = account.side, account.pending_exit is not None
        view = view_of_prediction(context.prediction)
        consensus = self._consensus.weigh(context.row)
        score = self._score(view, consensus)
        side = self._side(score)
        size = self._size(side, view, context.row["volatility_96"])
        vetoes = (
            *self._entry.vetoes(account, side, view, consensus, size),
            *self._pauses.vetoes(context.bar.time, account),
            *self._market.vetoes(context),
        )
        held_on = held is not Side.FLAT and not leaving
        turns = held_on and side == view.direction == -held
        extends = held_on and view.direction is held
        order = None
        if size is not None and not vetoes:
            order = Order(
                side=side,
                share=size.share,
                stop_share=size.stop_share,
                target_share=size.target_share,
                due_bars=self._horizon_bars,
            )
        return Verdict(
            held=held,
            side=side,
            score=score,
            view=view,
            consensus=consensus,
            size=size,
            vetoes=vetoes,
            order=order,
            exit=ExitReason.TURN if turns else None,
            extend_bars=self._horizon_bars if extends else None,
        )

    def state(self) -> dict[str, Any]:
        """What `restore` needs, as plain JSON values, exact."""
        return self._pauses.state()

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was taken.

        Raises
        ------
        DataError
            It is not the state of a risk manager.
        """
        try:
            self._pauses.restore(state)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"risk: got a state that cannot be read ({error!r:.80}), want what `state` gave: "
                "start with a new journal"
            ) from error

    def _score(self, view: MlView, consensus: Consensus) -> float:
        """HOLD counts with its weight and no side: it says that there is nothing to gain."""
        total = weights = 0.0
        if not view.abstains:
            weights += self._risk.model_weight
            if view.signal is not Signal.HOLD:
                total += self._risk.model_weight * view.edge
        if not consensus.abstains:
            weights += self._risk.strategy_weight
            total += self._risk.strategy_weight * consensus.value
        return total / weights if weights else 0.0

    def _side(self, score: float) -> Side:
        if abs(score) < self._risk.min_score:
            return Side.FLAT
        return Side.LONG if score > 0 else Side.SHORT

    def _size(self, side: Side, view: MlView, volatility: float) -> Size | None:
        chances = view.probabilities
        if side is Side.FLAT or chances is None or not 0.0 <= volatility < math.inf:
            return None
        if side is Side.LONG:
            return self._sizer.size(chances.buy, chances.sell, volatility)
        return self._sizer.size(chances.sell, chances.buy, volatility)
