"""What the strategies say together; who has no opinion has no weight."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kaidan.risk_settings import StrategyWeights
from kaidan.trading.policy import Side

_ROUNDING = 1e-12


@dataclass(frozen=True)
class Consensus:
    """Direction and strength of the strategies that have an opinion.

    Attributes
    ----------
    direction : Side
        FLAT when nobody has an opinion, or when they cancel out.
    strength : float, 0 to 1
        0 exactly when the direction is FLAT.
    opinions : dict of strategy to action x confidence, in [-1, 1]
        Of those who have one.
    """

    direction: Side
    strength: float
    opinions: dict[str, float]

    @property
    def value(self) -> float:
        """Direction x strength, in [-1, 1]."""
        return self.direction * self.strength

    @property
    def abstains(self) -> bool:
        """Whether there is no direction."""
        return self.direction is Side.FLAT

    def __str__(self) -> str:
        if not self.opinions:
            return "strategies have no opinion"
        said = ", ".join(f"{name} {value:+.2f}" for name, value in self.opinions.items())
        return f"strategies {'tie' if self.abstains else f'{self.value:+.2f}'} ({said})"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for the journal."""
        return {
            "direction": self.direction.name,
            "strength": self.strength,
            "opinions": dict(self.opinions),
        }


class StrategyConsensus:
    """Mean of the opinions that exist, each with its strategy's weight.

    Parameters
    ----------
    weights : StrategyWeights

    Examples
    --------
    >>> from kaidan.settings import load_settings
    >>> consensus = StrategyConsensus(load_settings().bot.risk.strategies)
    >>> row = {"strategy_signal_ATRBased": -0.2, "strategy_signal_DonchianChannel": 0.6}
    >>> str(consensus.weigh(row))
    'strategies +0.20 (ATRBased -0.20, DonchianChannel +0.60)'
    """

    def __init__(self, weights: StrategyWeights) -> None:
        self._weights = tuple(
            (name, f"strategy_signal_{name}", weight)
            for name, weight in weights.model_dump().items()
        )

    def weigh(self, row: Mapping[str, float]) -> Consensus:
        """Ask the strategies of one bar.

        Parameters
        ----------
        row : mapping of feature name to float
            0, NaN and a signal that is not there are abstentions.
        """
        opinions: dict[str, float] = {}
        total = weights = 0.0
        for name, column, weight in self._weights:
            opinion = row.get(column, 0.0)
            if weight and opinion and not math.isnan(opinion):
                opinions[name] = opinion
                total += weight * opinion
                weights += weight
        # Opinions that cancel out leave a rounding, whose sign is no direction.
        if abs(total) <= _ROUNDING:
            return Consensus(Side.FLAT, 0.0, opinions)
        direction = Side.LONG if total > 0 else Side.SHORT
        return Consensus(direction, min(abs(total) / weights, 1.0), opinions)
