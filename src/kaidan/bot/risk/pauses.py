"""When to stop for a while: after a drawdown, after losses in a row, after too many entries.

Time is that of the bars, so a gap or a restart counts as the bars that it is long.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from kaidan.bot.risk.veto import Veto
from kaidan.market.bar import BARS_PER_DAY, ONE_BAR
from kaidan.risk_settings import RiskSettings
from kaidan.trading.order import Account
from kaidan.trading.position import Trade


class Pauses:
    """What must be remembered between bars to know when to stop.

    Parameters
    ----------
    settings : RiskSettings
    """

    def __init__(self, settings: RiskSettings) -> None:
        self._settings = settings
        self._peak_equity_share = 1.0
        self._drawdown_until: datetime | None = None
        self._losses_in_row = 0
        self._loss_until: datetime | None = None
        self._entries: tuple[datetime, ...] = ()

    def on_trades(self, trades: Sequence[Trade]) -> None:
        """Count what was closed, each trade once; a gain ends a row of losses."""
        for trade in trades:
            self._entered(trade.entry_time)
            self._losses_in_row = self._losses_in_row + 1 if trade.net_return < 0 else 0
            if self._losses_in_row >= self._settings.max_losses_in_row:
                self._losses_in_row = 0
                self._loss_until = trade.exit_time + ONE_BAR * self._settings.loss_pause_bars

    def vetoes(self, now: datetime, account: Account) -> list[Veto]:
        """Look at the account after the bar that opened at `now`, and say which pauses last."""
        found = [self._drawdown(now, account.equity_share), self._losses(now)]
        if account.entry_time is not None:
            self._entered(account.entry_time)
        return [veto for veto in (*found, self._too_many(now)) if veto is not None]

    def state(self) -> dict[str, Any]:
        """Plain JSON, exact."""
        return {
            "peak_equity_share": self._peak_equity_share,
            "drawdown_until": _text(self._drawdown_until),
            "losses_in_row": self._losses_in_row,
            "loss_until": _text(self._loss_until),
            "entries": [time.isoformat() for time in self._entries],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was taken; on a fault nothing is changed.

        Raises
        ------
        KeyError, TypeError, ValueError
            It is no such state.
        """
        peak, losses = float(state["peak_equity_share"]), int(state["losses_in_row"])
        untils = _time(state["drawdown_until"]), _time(state["loss_until"])
        self._entries = tuple(datetime.fromisoformat(text) for text in state["entries"])
        self._peak_equity_share, self._losses_in_row = peak, losses
        self._drawdown_until, self._loss_until = untils

    def _entered(self, time: datetime) -> None:
        if time not in self._entries:
            self._entries = (*self._entries, time)

    def _drawdown(self, now: datetime, equity_share: float) -> Veto | None:
        limit = self._settings.max_drawdown_share
        if self._drawdown_until is not None and now >= self._drawdown_until:
            self._drawdown_until = None
            self._peak_equity_share = equity_share
        self._peak_equity_share = max(self._peak_equity_share, equity_share)
        peak = self._peak_equity_share
        if self._drawdown_until is None:
            if equity_share > peak * (1.0 - limit):
                return None
            self._drawdown_until = now + ONE_BAR * self._settings.drawdown_pause_bars
        return Veto(
            "drawdown_pause",
            f"equity {equity_share:.3f} after a peak of {peak:.3f}, {limit:.0%} below it is a "
            f"pause: nothing is opened before {_shown(self._drawdown_until)}",
        )

    def _losses(self, now: datetime) -> Veto | None:
        if self._loss_until is None:
            return None
        if now >= self._loss_until:
            self._loss_until = None
            return None
        return Veto(
            "loss_pause",
            f"{self._settings.max_losses_in_row} losses in a row: nothing is opened before "
            f"{_shown(self._loss_until)}",
        )

    def _too_many(self, now: datetime) -> Veto | None:
        next_open = now + ONE_BAR
        day_before = next_open - ONE_BAR * BARS_PER_DAY
        self._entries = tuple(time for time in self._entries if time > day_before)
        limit = self._settings.max_entries_per_day
        if len(self._entries) < limit:
            return None
        return Veto(
            "too_many_entries",
            f"{len(self._entries)} entries within {BARS_PER_DAY} bars, want {limit} at most",
        )


def _shown(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M}"


def _text(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
