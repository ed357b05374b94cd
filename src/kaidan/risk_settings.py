"""What the risk manager may do; nonsense is refused when the settings are read."""

import math
from typing import Annotated, Self

from pydantic import Field, model_validator

from kaidan.frozen import Count, Frozen, Positive

# What one bar can be of the deviation of the 96 that it is one of: all others being 0.
_MOST_JUMP_SIGMAS = math.sqrt(96)

Weight = Annotated[float, Field(ge=0, le=1)]
UpToOne = Annotated[float, Field(gt=0, le=1)]


class StrategyWeights(Frozen):
    """Share of each strategy in the consensus; together 1."""

    ATRBased: Weight
    MochipoyAlert: Weight
    MultiTimeframe: Weight
    DonchianChannel: Weight
    ADXTrendStrength: Weight

    @model_validator(mode="after")
    def _add_up(self) -> Self:
        _require_one(sum(self.model_dump().values()), "strategy weights")
        return self


class RiskSettings(Frozen):
    """From an answer to the size of a position, or to a reason against one.

    Attributes
    ----------
    model_weight, strategy_weight : float, together 1
        Shares of the model and of the strategies' consensus in the score that chooses a side.
    strategies : StrategyWeights
    min_score : float, in (0, 1]
        A score nearer to 0 has no side.
    opposing_consensus : float, in (0, 1]
        A consensus at least so strong against the side is a veto.
    kelly_fraction : float
        Share of the Kelly size that is taken.
    max_position_share : float, notional over equity
    min_position_share : float, notional over equity
        A size below this is not worth an order.
    max_loss_share : float, share of the equity
        What a stop may cost, fees included; the size shrinks to it.
    stop_in_horizon_sigmas, target_in_horizon_sigmas : float
        Distance in standard deviations of the return over the label's horizon.
    min_stop_share, max_stop_share : float, share of the price
        Bounds of the stop's distance, whatever the volatility.
    max_drawdown_share : float, share of the highest equity
    drawdown_pause_bars, loss_pause_bars : int, bars without new positions
    max_losses_in_row : int
    max_entries_per_day : int, in any 96 bars
    max_spread_share : float, (ask - bid) ÷ mid
    max_jump_sigmas : float
        Largest move of one bar, in standard deviations of the 96 returns up to it, which is one
        of them.
    min_volume_ratio, max_volume_ratio : float
        Volume against the mean of the 20 bars before.
    """

    model_weight: Weight
    strategy_weight: Weight
    strategies: StrategyWeights
    min_score: UpToOne
    opposing_consensus: UpToOne
    kelly_fraction: UpToOne
    max_position_share: UpToOne
    min_position_share: UpToOne
    max_loss_share: UpToOne
    stop_in_horizon_sigmas: Positive
    target_in_horizon_sigmas: Positive
    min_stop_share: UpToOne
    max_stop_share: UpToOne
    max_drawdown_share: UpToOne
    drawdown_pause_bars: Count
    max_losses_in_row: Count
    loss_pause_bars: Count
    max_entries_per_day: Count
    max_spread_share: Positive
    max_jump_sigmas: Positive
    min_volume_ratio: Annotated[float, Field(ge=0)]
    max_volume_ratio: Positive

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        _require_one(self.model_weight + self.strategy_weight, "model_weight and strategy_weight")
        if self.min_stop_share > self.max_stop_share:
            raise ValueError(
                f"min_stop_share {self.min_stop_share} is above max_stop_share "
                f"{self.max_stop_share}: no stop fits between them"
            )
        if self.max_stop_share >= 1:
            raise ValueError(
                f"max_stop_share {self.max_stop_share} is wider than the account: a stop must "
                "leave something, want less than 1"
            )
        target = self.max_stop_share * self.target_in_horizon_sigmas / self.stop_in_horizon_sigmas
        if target >= 1:
            raise ValueError(
                f"target_in_horizon_sigmas {self.target_in_horizon_sigmas} puts the target of a "
                f"stop at {self.max_stop_share} {target:g} away: no price falls so far, want less "
                "than 1"
            )
        if self.max_loss_share >= self.max_drawdown_share:
            raise ValueError(
                f"max_loss_share {self.max_loss_share} reaches max_drawdown_share "
                f"{self.max_drawdown_share}: one stop would pause the bot, want less"
            )
        if self.min_position_share >= self.max_position_share:
            raise ValueError(
                f"min_position_share {self.min_position_share} reaches max_position_share "
                f"{self.max_position_share}: nothing would be traded, want less"
            )
        if self.max_loss_share / self.min_stop_share < self.min_position_share:
            raise ValueError(
                f"max_loss_share {self.max_loss_share} allows no position of min_position_share "
                f"{self.min_position_share}, even with a stop at {self.min_stop_share}: nothing "
                "would be traded, want more"
            )
        if self.max_jump_sigmas >= _MOST_JUMP_SIGMAS:
            raise ValueError(
                f"max_jump_sigmas {self.max_jump_sigmas} cannot be reached by one bar of 96, want "
                f"less than {_MOST_JUMP_SIGMAS:.1f}"
            )
        if self.min_volume_ratio >= self.max_volume_ratio:
            raise ValueError(
                f"min_volume_ratio {self.min_volume_ratio} reaches max_volume_ratio "
                f"{self.max_volume_ratio}: no bar would pass, want less"
            )
        return self


def _require_one(total: float, what: str) -> None:
    if not math.isclose(total, 1.0, abs_tol=1e-9):
        raise ValueError(f"{what} add up to {total:g}, want 1")
