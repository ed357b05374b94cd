"""What is to be done after a bar, with all that led to it."""

from dataclasses import dataclass
from typing import Any

from kaidan.bot.risk.consensus import Consensus
from kaidan.bot.risk.ml_view import MlView
from kaidan.bot.risk.size import Size
from kaidan.bot.risk.veto import Veto
from kaidan.trading.order import Order
from kaidan.trading.policy import Side
from kaidan.trading.position import ExitReason


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One decision of the risk manager.

    Attributes
    ----------
    held : Side
        What the account holds.
    side : Side
        What the score asks for; FLAT when it is too near to 0 to have a side.
    score : float, -1 to 1
        Weighted mean of the model's edge and the consensus, of those who have an opinion.
    view : MlView
    consensus : Consensus
    size : Size or None
        None without a side, without a model, or without a volatility.
    vetoes : tuple of Veto
        All that speaks against opening a position on this bar, whether or not one was wanted.
    order : Order or None
        To be entered. With `exit` it is the second half of a turn.
    exit : ExitReason or None
        Leave what is held; no veto stops that.
    extend_bars : int or None
        Hold what is held for so many bars from now, if it would end before.
    """

    held: Side
    side: Side
    score: float
    view: MlView
    consensus: Consensus
    size: Size | None
    vetoes: tuple[Veto, ...]
    order: Order | None
    exit: ExitReason | None
    extend_bars: int | None

    def __str__(self) -> str:
        lines = [
            f"score {self.score:+.2f}: {self._said()}",
            f"  model: {self.view}",
            f"  {self.consensus}",
        ]
        if self.size is not None:
            lines.append(f"  {self.size}")
        if self.order is None and self.vetoes:
            lines.append("  against an entry:")
            lines += [f"    {veto}" for veto in self.vetoes]
        return "\n".join(lines)

    def _said(self) -> str:
        said = []
        if self.exit is not None:
            said.append(f"leave {self.held.name} ({self.exit.value})")
        if self.order is not None:
            said.append(
                f"enter {self.order.side.name} with {self.order.share:.3f} of the equity, "
                f"stop {self.order.stop_share:.2%}, target {self.order.target_share:.2%}, "
                f"{self.order.due_bars} bars"
            )
        if self.extend_bars is not None:
            said.append(f"hold {self.held.name} for {self.extend_bars} bars more")
        if said:
            return ", ".join(said)
        stay = "stay out" if self.held is Side.FLAT else f"hold {self.held.name} as it is"
        return stay if self.side is Side.FLAT else f"{stay}, though {self.side.name} is likelier"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for the journal."""
        return {
            "held": self.held.name,
            "side": self.side.name,
            "score": self.score,
            "view": self.view.to_dict(),
            "consensus": self.consensus.to_dict(),
            "size": self.size and self.size.to_dict(),
            "vetoes": [veto._asdict() for veto in self.vetoes],
            "order": self.order and self.order.to_dict(),
            "exit": self.exit and self.exit.value,
            "extend_bars": self.extend_bars,
        }
