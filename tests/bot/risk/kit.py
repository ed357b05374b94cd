"""A quiet bar, a model that is sure, and what is held: each test changes what it is about."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from hypothesis import strategies as st

from kaidan.bot.risk import IntegratedRiskManager, RiskContext, Verdict
from kaidan.market.bar import ONE_BAR, Bar
from kaidan.serving.dummy import DummyModel
from kaidan.serving.prediction import Prediction, Probabilities
from kaidan.settings import Settings, load_settings
from kaidan.signal import Signal
from kaidan.trading.order import Account
from kaidan.trading.policy import Side
from kaidan.trading.position import ExitReason, Trade

START = datetime(2024, 1, 1, tzinfo=UTC)
DUMMY = DummyModel().predict()
BUY = (0.1, 0.2, 0.7)
SELL = BUY[::-1]
HOLD = (0.2, 0.6, 0.2)

DISTRIBUTION = st.tuples(*[st.floats(0.01, 1)] * 3).map(lambda p: tuple(x / sum(p) for x in p))
OPINIONS = st.lists(st.one_of(st.just(0.0), st.floats(-1, 1)), min_size=5, max_size=5)
SIDES = st.sampled_from(Side)


@cache
def shipped() -> Settings:
    return load_settings()


def settings(trading: dict[str, Any] | None = None, **risk: Any) -> Settings:
    """kaidan's own, with changes to `risk` and `trading`."""
    given = shipped()
    bot = given.bot
    changed = bot.model_copy(
        update={
            "risk": type(bot.risk).model_validate(bot.risk.model_dump() | risk),
            "trading": bot.trading.model_copy(update=trading or {}),
        }
    )
    return given.model_copy(update={"bot": changed})


def prediction(sell: float, hold: float, buy: float) -> Prediction:
    chances = Probabilities(sell, hold, buy)
    signal = Signal(chances.index(max(chances)))
    return Prediction(signal, max(chances), chances, level=1)


def row(**changes: float) -> dict[str, float]:
    return {"returns_1": 0.001, "volatility_96": 0.002, "volume_ratio": 1.0} | changes


def opinions(*values: float) -> dict[str, float]:
    """Columns of the five strategies, in their order."""
    names = shipped().levels.strategy
    return dict(zip(names, values, strict=False))


def bar(n: int = 0, volume: float = 10.0) -> Bar:
    return Bar(START + n * ONE_BAR, 100.0, 101.0, 99.0, 100.0, volume)


def account(side: Side = Side.FLAT, equity_share: float = 1.0, **changes: Any) -> Account:
    held = side is not Side.FLAT
    values = {
        "equity_share": equity_share,
        "equity_quote": 10_000 * equity_share,
        "side": side,
        "quantity": 30.0 if held else 0.0,
        "position_share": 0.3 if held else 0.0,
        "entry_time": START if held else None,
        "entry_price": 100.0 if held else None,
        "stop_price": 99.0 if held else None,
        "target_price": 102.0 if held else None,
        "due_time": START + 17 * ONE_BAR if held else None,
        "unrealised_quote": 0.0,
        "pending_entry": None,
        "pending_exit": None,
        "n_fills": int(held),
        "n_trades": 0,
    }
    return Account(**values | changes)


def trade(net_return: float, entered: int = 0, left: int = 1) -> Trade:
    """A trade between the bars with these numbers."""
    return Trade(
        side=Side.LONG,
        entry_time=START + entered * ONE_BAR,
        entry_price=100.0,
        exit_time=START + left * ONE_BAR,
        exit_price=100.0 * (1 + net_return),
        reason=ExitReason.STOP if net_return < 0 else ExitReason.TARGET,
        net_return=net_return,
        costs=0.001,
        traded=2.0,
    )


def context(chances: tuple[float, float, float] = BUY, **changes: Any) -> RiskContext:
    values = {
        "bar": bar(),
        "row": row(),
        "prediction": prediction(*chances),
        "account": account(),
        "bar_delay_seconds": 3.0,
        "bars_since_gap": 5000,
    }
    return RiskContext(**values | changes)


def decide(
    chances: tuple[float, float, float] = BUY, given: Settings | None = None, **changes: Any
) -> Verdict:
    """First decision of a new manager."""
    return IntegratedRiskManager(given or settings()).decide(context(chances, **changes))


def names(verdict: Verdict) -> set[str]:
    return {veto.name for veto in verdict.vetoes}
