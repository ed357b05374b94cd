"""What a fill costs and when a position ends; the same for a back-test and for the live bot."""

from typing import Annotated

from pydantic import Field

from kaidan.frozen import Frozen, Positive

Cost = Annotated[float, Field(ge=0, lt=1)]
UpToOne = Annotated[float, Field(gt=0, le=1)]


class TradingSettings(Frozen):
    """Costs, exits and size of a position.

    Attributes
    ----------
    taker_fee_share : float, share of the notional of each fill
    slippage_share : float, share of the price, against whoever trades
    stop_in_label_thresholds, target_in_label_thresholds : float
        Distance from the entry price, in multiples of `label.threshold_return`.
    position_share : float, notional of an entry as a share of the equity
    allow_short : bool
    min_strategy_confidence : float
        What a strategy traded on its own must reach for its opinion to count.
    initial_equity_quote : float, in the currency that prices are quoted in
    max_volume_share : float, share of a bar's volume
        The most that orders of one direction take of it together.
    """

    taker_fee_share: Cost
    slippage_share: Cost
    stop_in_label_thresholds: Positive
    target_in_label_thresholds: Positive
    position_share: UpToOne
    allow_short: bool
    min_strategy_confidence: UpToOne
    initial_equity_quote: Positive
    max_volume_share: UpToOne
