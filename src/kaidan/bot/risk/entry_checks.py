"""Why the side that the score chose is not opened: it is held, opposed, or not worth it."""

from kaidan.bot.risk.consensus import Consensus
from kaidan.bot.risk.ml_view import MlView
from kaidan.bot.risk.size import Size
from kaidan.bot.risk.veto import Veto
from kaidan.settings import Settings
from kaidan.signal import Signal
from kaidan.trading.order import Account
from kaidan.trading.policy import Side


class EntryChecks:
    """Finds what speaks against opening a side.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self._risk = settings.bot.risk
        self._allow_short = settings.bot.trading.allow_short

    def vetoes(
        self, account: Account, side: Side, view: MlView, consensus: Consensus, size: Size | None
    ) -> list[Veto]:
        """All that apply; a `side` of FLAT can only be opposed by what holds for both sides."""
        return [
            *self._of_the_account(account, side),
            *self._of_the_model(view, side),
            *self._of_the_strategies(consensus, side),
            *self._of_the_size(size),
        ]

    def _of_the_account(self, account: Account, side: Side) -> list[Veto]:
        found = []
        if not account.equity_share > 0.0:
            found.append(Veto("equity_gone", f"equity is {account.equity_share:g} of its start"))
        if side is Side.SHORT and not self._allow_short:
            found.append(Veto("short_not_allowed", "trading.allow_short is off"))
        if account.pending_exit is not None:
            leaving = f"still leaving {account.side.name} ({account.pending_exit.value})"
            found.append(Veto("exposure", leaving))
        elif side is not Side.FLAT and account.side is side:
            held = f"holds {side.name} with {account.position_share:.3f} of the equity already"
            found.append(Veto("exposure", held))
        return found

    def _of_the_model(self, view: MlView, side: Side) -> list[Veto]:
        if view.abstains:
            return [Veto("no_model", "no model answers: there is nothing to size with")]
        said = f"{view.signal.name} with {view.confidence:.2f}"
        if view.signal is Signal.HOLD:
            return [Veto("model_says_hold", said)]
        if side is not Side.FLAT and view.direction is not side:
            return [Veto("model_opposes", f"{said} against {side.name}")]
        return []

    def _of_the_strategies(self, consensus: Consensus, side: Side) -> list[Veto]:
        limit = self._risk.opposing_consensus
        if side * consensus.value > -limit:
            return []
        said = f"consensus {consensus.value:+.2f} against {side.name}, want less than {limit:g}"
        return [Veto("strategies_oppose", said)]

    def _of_the_size(self, size: Size | None) -> list[Veto]:
        if size is None:
            return []
        if size.kelly_share == 0.0:
            earned = f"a position earns {size.expected_share:+.2%} on average"
            return [Veto("no_edge", f"{earned}, after costs of {size.costs_share:.2%}")]
        least = self._risk.min_position_share
        if size.share < least:
            return [Veto("too_small", f"{size.share:.4f} of the equity, want {least:g} at least")]
        return []
