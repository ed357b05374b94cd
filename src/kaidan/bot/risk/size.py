"""How much of the equity an answer is worth, step by step, so that a reader can follow.

Stops and targets are as far away as the market moves within the label's horizon; the size follows
from the calibrated chances, and from what a stop may cost.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

from kaidan.errors import UsageError
from kaidan.settings import Settings

_FAR_SIGMAS = 30.0


@dataclass(frozen=True)
class Size:
    """Distances are shares of the price, sizes are notional over equity.

    Attributes
    ----------
    horizon_sigma_share : float
        Standard deviation of the return over the label's horizon.
    stop_share, target_share : float
        Distances from the fill price.
    win_share, loss_share : float
        What the position is expected to gain when the answer comes true, and to lose when its
        opposite does, before costs.
    costs_share : float
        Fees and slippage of the way in and out.
    expected_share : float
        Mean gain over the three outcomes, after costs.
    kelly_share : float
        Full Kelly; 0 when nothing is to be expected.
    fraction_share : float
        The configured fraction of it.
    loss_cap_share : float
        At this size a stop costs `max_loss_share` of the equity.
    share : float
        The smallest of `fraction_share`, `loss_cap_share` and `max_position_share`.
    limited_by : str
        Which of the three that was.
    """

    horizon_sigma_share: float
    stop_share: float
    target_share: float
    win_share: float
    loss_share: float
    costs_share: float
    expected_share: float
    kelly_share: float
    fraction_share: float
    loss_cap_share: float
    share: float
    limited_by: str

    def __str__(self) -> str:
        return (
            f"expects {self.expected_share:+.2%} "
            f"(+{self.win_share:.2%} or -{self.loss_share:.2%}, costs {self.costs_share:.2%}); "
            f"Kelly {self.kelly_share:.2f}, taken {self.fraction_share:.2f}, "
            f"at most {self.loss_cap_share:.2f} for its stop: "
            f"{self.share:.3f} of the equity ({self.limited_by})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for the journal."""
        return asdict(self)


class Sizer:
    """From the chances of a side and the volatility to a size.

    Kelly's share maximises the expected logarithm of the equity. Here to second order, mean over
    mean square of the three outcomes (Thorp 2006, "The Kelly criterion in blackjack, sports
    betting and the stock market", for small returns): a little less than mean over variance, and
    finite when one outcome is certain.

    A BUY that comes true is a close beyond the label's threshold, which seldom is a target
    reached. What it earns is taken from a normal distribution of the horizon's return: its mean
    beyond the threshold (Johnson, Kotz & Balakrishnan 1994, truncated normal), at most the target,
    and for the loss at most the stop.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        trading = settings.bot.trading
        label = settings.training.label
        self._risk = settings.bot.risk
        self._threshold_return = label.threshold_return
        self._sqrt_horizon = math.sqrt(label.horizon_bars)
        self._costs_share = 2.0 * (trading.taker_fee_share + trading.slippage_share)

    def size(self, p_side: float, p_opposite: float, volatility: float) -> Size:
        """Size of a position, not yet refused for being too small.

        Parameters
        ----------
        p_side, p_opposite : float
            Chances that the price ends beyond the label's threshold, for and against the side;
            with what is left to 1 nothing but costs comes of it.
        volatility : float, standard deviation of the return of one bar

        Raises
        ------
        UsageError
            The volatility is negative or not finite.
        """
        if not 0.0 <= volatility < math.inf:
            raise UsageError(
                f"size: got volatility {volatility}, want a finite one from 0 up: "
                "open nothing on a bar without it"
            )
        risk, costs = self._risk, self._costs_share
        sigma = volatility * self._sqrt_horizon
        stop = min(
            max(risk.stop_in_horizon_sigmas * sigma, risk.min_stop_share), risk.max_stop_share
        )
        target = stop * risk.target_in_horizon_sigmas / risk.stop_in_horizon_sigmas
        move = mean_beyond(self._threshold_return, sigma)
        win, loss = min(move, target), min(move, stop)
        p_hold = 1.0 - p_side - p_opposite
        mean = p_side * win - p_opposite * loss - costs
        mean_square = (
            p_side * (win - costs) ** 2 + p_opposite * (loss + costs) ** 2 + p_hold * costs**2
        )
        kelly = mean / mean_square if mean > 0.0 else 0.0
        caps = {
            "Kelly": risk.kelly_fraction * kelly,
            "its stop": risk.max_loss_share / (stop + costs),
            "max_position_share": risk.max_position_share,
        }
        limited_by = min(caps, key=caps.__getitem__)
        return Size(
            horizon_sigma_share=sigma,
            stop_share=stop,
            target_share=target,
            win_share=win,
            loss_share=loss,
            costs_share=costs,
            expected_share=mean,
            kelly_share=kelly,
            fraction_share=caps["Kelly"],
            loss_cap_share=caps["its stop"],
            share=caps[limited_by],
            limited_by=limited_by,
        )


def mean_beyond(threshold: float, sigma: float) -> float:
    """Mean of a normal variable around 0 where it is above `threshold`.

    Examples
    --------
    >>> round(mean_beyond(0.005, 0.0085), 4)
    0.0103
    """
    if threshold > _FAR_SIGMAS * sigma:
        # So far out the mean is the threshold itself, and the tail too thin to divide by.
        return threshold
    z = threshold / sigma
    density = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    return sigma * density / (0.5 * math.erfc(z / math.sqrt(2.0)))
