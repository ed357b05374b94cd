"""How a live version is watched, and what is done about one that fails (`bot.yaml`)."""

from typing import Annotated

from pydantic import Field

from kaidan.frozen import Count, Frozen, Positive

Probability = Annotated[float, Field(gt=0, lt=1)]


class ScoresSettings(Frozen):
    """Live scores.

    Attributes
    ----------
    window_bars : int
        Scores are of the last so many bars whose label is known.
    least_bars : int
        Fewer are not scored: their interval would say nothing.
    """

    window_bars: Count
    least_bars: Count


class DriftSettings(Frozen):
    """Drift of inputs and answers away from what the live version was trained on.

    Attributes
    ----------
    window_bars : int
        What is compared with the training reference, at most: bars since the version went live.
    least_bars : int
    error_rate : float
        Chance of a false alarm of one look, over all columns and both windows together.
    least_psi : float
        Population stability index below which nothing is drift, however sure.
    least_shift : float
        The same for a move of the mean, in standard deviations of the training rows.
    """

    window_bars: Count
    least_bars: Count
    error_rate: Probability
    least_psi: Positive
    least_shift: Positive


class CanarySettings(Frozen):
    """The watch over a version that was just promoted.

    Attributes
    ----------
    watch_bars : int
        For so many decided bars it is held against the version before it, scored in shadow.
    error_rate : float
        Chance, over the whole watch, that a version no worse than the one before is rolled back.
    max_failed_share : float
        Of the bars that its level was asked; more attempts that the version itself failed are
        reason enough.
    least_bars : int
        Nothing is rolled back sooner.
    rolls_back : bool
        False: it is only told.
    """

    watch_bars: Count
    error_rate: Probability
    max_failed_share: Probability
    least_bars: Count
    rolls_back: bool


class MonitoringSettings(Frozen):
    """The section `monitoring` of `bot.yaml`.

    Attributes
    ----------
    every_bars : int
        How often a live bot has its journal looked at.
    timeout_seconds : float
        When a look is given up.
    """

    every_bars: Count
    timeout_seconds: Positive
    scores: ScoresSettings
    drift: DriftSettings
    canary: CanarySettings
