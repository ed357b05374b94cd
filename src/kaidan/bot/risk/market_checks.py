"""Bars on which nothing is opened, whatever was answered: too late, broken, or not a market.

Comparisons are written so that NaN fails them: what is not known is no reason to trade.
"""

import math

from kaidan.bot.risk.context import RiskContext
from kaidan.bot.risk.veto import Veto
from kaidan.settings import Settings


class MarketChecks:
    """Finds what is wrong with a bar.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self._risk = settings.bot.risk
        self._max_delay_seconds = settings.bot.freshness.max_bar_delay_seconds
        self._min_bars_since_gap = settings.training.quality.min_bars_since_gap

    def vetoes(self, context: RiskContext) -> list[Veto]:
        """All that apply to the bar of `context`."""
        return [*self._of_the_source(context), *self._of_the_market(context)]

    def _of_the_source(self, context: RiskContext) -> list[Veto]:
        found = []
        delay = context.bar_delay_seconds
        if not abs(delay) <= self._max_delay_seconds:
            when = f"{-delay:.0f} s before" if delay < 0 else f"{delay:.0f} s after"
            found.append(
                Veto(
                    "stale_bar",
                    f"told {when} its close, want {self._max_delay_seconds:g} s at most",
                )
            )
        if not context.bars_since_gap >= self._min_bars_since_gap:
            found.append(
                Veto(
                    "recent_gap",
                    f"{context.bars_since_gap} whole bars since the last gap, "
                    f"want {self._min_bars_since_gap}",
                )
            )
        if not context.bar.traded:
            found.append(Veto("filler_bar", "nobody traded on this bar"))
        return found

    def _of_the_market(self, context: RiskContext) -> list[Veto]:
        risk, row, found = self._risk, context.row, []
        spread = context.spread_share
        if spread is not None and not spread <= risk.max_spread_share:
            found.append(
                Veto(
                    "wide_spread", f"spread {spread:.3%}, want {risk.max_spread_share:.3%} at most"
                )
            )
        move, volatility = row["returns_1"], row["volatility_96"]
        if not 0.0 <= volatility < math.inf:
            found.append(Veto("no_volatility", f"volatility_96 is {volatility}: no stop fits it"))
        elif not abs(move) <= risk.max_jump_sigmas * volatility:
            found.append(
                Veto(
                    "jump",
                    f"moved {move:+.2%} in one bar, want {risk.max_jump_sigmas:g} x "
                    f"{volatility:.2%} at most",
                )
            )
        volume_ratio = row["volume_ratio"]
        if not volume_ratio >= risk.min_volume_ratio:
            found.append(
                Veto(
                    "thin_volume",
                    f"volume {volume_ratio:.3f} x usual, want {risk.min_volume_ratio:g} at least",
                )
            )
        if volume_ratio > risk.max_volume_ratio:
            found.append(
                Veto(
                    "volume_surge",
                    f"volume {volume_ratio:.1f} x usual, want {risk.max_volume_ratio:g} at most",
                )
            )
        return found
