"""Broker and risk manager over one bar: what was filled, then what is asked for next.

The live bot and a replay of history tell it the same things, so they do the same things.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kaidan.bot.risk import IntegratedRiskManager, RiskContext, Verdict
from kaidan.market.bar import Bar
from kaidan.serving.prediction import Prediction
from kaidan.settings import Settings
from kaidan.trading.broker import Broker
from kaidan.trading.order import Account, Executed
from kaidan.trading.paper import PaperBroker


@dataclass(frozen=True)
class Dealt:
    """What came of one bar.

    Attributes
    ----------
    executed : Executed
        What the bar filled and closed.
    verdict : Verdict
        What was then asked of the broker, and why.
    account : Account
        At the bar's close, with what is asked for.
    """

    executed: Executed
    verdict: Verdict
    account: Account


class Desk:
    """Trades one account.

    Parameters
    ----------
    settings : Settings
    broker : Broker, optional
        Default: on paper.
    """

    def __init__(self, settings: Settings, broker: Broker | None = None) -> None:
        self._broker = PaperBroker(settings.bot.trading) if broker is None else broker
        self._risk = IntegratedRiskManager(settings)

    @property
    def account(self) -> Account:
        """At the last close."""
        return self._broker.account

    def on_bar(
        self,
        bar: Bar,
        row: Mapping[str, float],
        prediction: Prediction,
        *,
        bars_since_gap: int,
        bar_delay_seconds: float = 0.0,
        spread_share: float | None = None,
        tradable: bool = True,
    ) -> Dealt:
        """Let a closed bar fill what was asked for, then decide what to ask for.

        Parameters
        ----------
        bar : Bar
            Later than any before it.
        row : mapping of feature name to float
        prediction : Prediction
            Given at its close.
        bars_since_gap, bar_delay_seconds, spread_share
            As in `RiskContext`.
        tradable : bool
            False, in a back-test: nothing is opened, and what is open is closed at the bar's open.

        Raises
        ------
        DataError
            The bar is not later than the one before it.
        """
        executed = self._broker.on_bar(bar, tradable=tradable)
        self._risk.on_trades(executed.trades)
        verdict = self._risk.decide(
            RiskContext(
                bar=bar,
                row=row,
                prediction=prediction,
                account=self._broker.account,
                bar_delay_seconds=bar_delay_seconds,
                bars_since_gap=bars_since_gap,
                spread_share=spread_share,
            )
        )
        if tradable:
            self._ask(verdict)
        return Dealt(executed, verdict, self._broker.account)

    def _ask(self, verdict: Verdict) -> None:
        if verdict.exit is not None:
            self._broker.exit(verdict.exit)
        if verdict.extend_bars is not None:
            self._broker.extend(verdict.extend_bars)
        if verdict.order is not None:
            self._broker.enter(verdict.order)

    def state(self) -> dict[str, Any]:
        """What `restore` needs, as plain JSON values, exact."""
        return {"broker": self._broker.state(), "risk": self._risk.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was taken, on a desk that has traded nothing.

        Raises
        ------
        DataError
            It is not the state of a desk.
        """
        self._broker.restore(state["broker"])
        self._risk.restore(state["risk"])
