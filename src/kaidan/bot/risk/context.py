"""All that one decision may look at."""

from collections.abc import Mapping
from dataclasses import dataclass

from kaidan.market.bar import Bar
from kaidan.risk_settings import StrategyWeights
from kaidan.serving.prediction import Prediction
from kaidan.trading.order import Account

# Columns of a feature row that a decision reads.
INPUTS = (
    "returns_1",
    "volatility_96",
    "volume_ratio",
    *(f"strategy_signal_{name}" for name in StrategyWeights.model_fields),
)


@dataclass(frozen=True, kw_only=True)
class RiskContext:
    """One closed bar, what is known at its close, and what is held.

    Attributes
    ----------
    bar : Bar
    row : mapping of feature name to float
        Features of the bar, at least `INPUTS`.
    prediction : Prediction
    account : Account
        After the bar was traded, so what it filled is in it.
    bar_delay_seconds : float
        From the close of the bar until it was told; negative when it was told before.
    bars_since_gap : int
        Whole bars in a row up to this one.
    spread_share : float or None, (ask - bid) ÷ mid
        None where the source does not tell.
    """

    bar: Bar
    row: Mapping[str, float]
    prediction: Prediction
    account: Account
    bar_delay_seconds: float
    bars_since_gap: int
    spread_share: float | None = None
