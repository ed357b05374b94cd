"""Where tuning searches, and when it gives a trial up."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from kaidan.frozen import Count, Frozen


class RangeSettings(Frozen):
    """Both ends of a parameter; whole numbers when both are written so.

    Attributes
    ----------
    low, high : int or float
    log : bool
        Search by factors and not by differences.
    """

    low: int | float
    high: int | float
    log: bool

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if type(self.low) is not type(self.high):
            raise ValueError("low and high must both be whole numbers or both be decimal")
        if self.low >= self.high:
            raise ValueError("low must be below high")
        if self.log and self.low <= 0:
            raise ValueError("low must be above 0 on a log scale")
        return self


class PruningSettings(Frozen):
    """When a trial is given up before its last fold.

    Attributes
    ----------
    p_value : float
        One-sided Wilcoxon signed-rank test of its folds against those of the best trial.
    min_folds : int
        Folds before which none is given up.
    """

    p_value: Annotated[float, Field(gt=0, lt=1)]
    min_folds: Count


class SpacesSettings(Frozen):
    """Search space of each member, by parameter."""

    lightgbm: dict[str, RangeSettings]
    xgboost: dict[str, RangeSettings]
    random_forest: dict[str, RangeSettings]


class TuningSettings(Frozen):
    """How the members' parameters are searched.

    Attributes
    ----------
    startup_trials : int
        Drawn at random before the sampler learns from them; the configured parameters are one.
    """

    startup_trials: Count
    pruning: PruningSettings
    spaces: SpacesSettings
