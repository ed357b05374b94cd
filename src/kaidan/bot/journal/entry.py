"""One decided bar, as it is written down: enough to see later what was decided, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kaidan.market.bar import Bar
from kaidan.serving.prediction import Prediction
from kaidan.trading.policy import Side


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A bar, what was answered, decided and done at its close, and what is held after it.

    Attributes
    ----------
    bar : Bar
    arrival : tuple of str
        What was not as usual about how the bar came: late, revised, bars missing before it.
    features : tuple of float
        The row that was answered, in the order of level 1's contract; empty in the warm-up.
    features_sha256 : str
        Of that row.
    prediction : Prediction
        The answer, with the levels that could not give one.
    version : int or None
        Of the model that answered; None when none did.
    model_sha256 : str or None
    shadow : tuple of dict
        What other versions answered to the same row; never traded.
    macro : dict
        Ages of the macro values, and which sources are stale.
    verdict : dict
        `Verdict.to_dict()`: what risk made of the answer.
    order : dict or None
        `Order.to_dict()`: what is to be filled on the next bar.
    fills, trades : tuple of dict
        `Fill.to_dict()` and `Trade.to_dict()`: what this bar filled, and which positions that
        closed.
    equity_share : float
        Marked to the bar's close; 1 at the start of the journal.
    side : Side
        Held after the bar.
    position_share : float, notional over equity
    latency_us : float, microseconds
        From the bar to the decision.
    decided_at : datetime with a zone
    """

    bar: Bar
    arrival: tuple[str, ...] = ()
    features: tuple[float, ...] = ()
    features_sha256: str
    prediction: Prediction
    version: int | None
    model_sha256: str | None
    shadow: tuple[dict[str, Any], ...] = ()
    macro: dict[str, Any]
    verdict: dict[str, Any]
    order: dict[str, Any] | None
    fills: tuple[dict[str, Any], ...] = ()
    trades: tuple[dict[str, Any], ...] = ()
    equity_share: float
    side: Side
    position_share: float
    latency_us: float
    decided_at: datetime

    @property
    def vetoes(self) -> tuple[dict[str, Any], ...]:
        """Why risk did not let the answer through."""
        return tuple(self.verdict.get("vetoes", ()))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            "bar": self.bar._asdict() | {"time": self.bar.time.isoformat()},
            "arrival": list(self.arrival),
            "features_sha256": self.features_sha256,
            "answer": self.prediction.to_dict()
            | {"version": self.version, "model_sha256": self.model_sha256},
            "shadow": list(self.shadow),
            "macro": self.macro,
            "verdict": self.verdict,
            "order": self.order,
            "fills": list(self.fills),
            "trades": list(self.trades),
            "equity_share": self.equity_share,
            "side": self.side.name,
            "position_share": self.position_share,
            "latency_us": self.latency_us,
            "decided_at": self.decided_at.isoformat(),
        }
