"""Answers on past bars, traded by the live engine beside whoever needs no model to answer."""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaidan.bot.history import replay_bot
from kaidan.evaluation.performance import Performance, judge_replay
from kaidan.market.gaps import bars_since_gap
from kaidan.settings import Settings
from kaidan.signal import Signal
from kaidan.trading.contenders import contenders
from kaidan.trading.position import Trade
from kaidan.trading.replay import Replay, replay

LADDER, BOT = "ladder", "bot"
_DUMMY = "dummy"
_N_REASONS = 3


@dataclass(frozen=True)
class Backtest:
    """The ladder and the contenders on the same bars, at the same costs.

    Attributes
    ----------
    answers : DataFrame of shape (n_answers, 7)
        Those that were traded on, as `Ladder.predict_frame` gives them.
    replays : dict of contender to Replay
        `ladder` first, which trades each answer, then `bot`, which asks its risk manager; all of
        them on the same bars, with the same mask.
    n_tried : int
        Variants of ladder and bot that were tried before these were chosen, themselves included.
    """

    answers: pd.DataFrame
    replays: dict[str, Replay]
    n_tried: int

    @cached_property
    def performances(self) -> dict[str, Performance]:
        """Each contender in numbers; only ladder and bot were chosen among variants."""
        return {
            name: judge_replay(one, n_tried=self.n_tried if name in (LADDER, BOT) else 1)
            for name, one in self.replays.items()
        }

    @property
    def times(self) -> pd.DatetimeIndex:
        """Open times of the bars from the first answer to the last, masked ones too."""
        return self.replays[LADDER].times

    @property
    def curves(self) -> dict[str, NDArray[np.float64]]:
        """Equity of each contender, (n_bars,)."""
        return {name: one.equity for name, one in self.replays.items()}

    @property
    def shares(self) -> dict[str, float]:
        """Share of the answers that each level gave, `dummy` where none could."""
        who = self.answers["level"].astype("string").fillna(_DUMMY)
        return {str(name): float(n) for name, n in who.value_counts(normalize=True).items()}

    @property
    def reasons(self) -> dict[str, int]:
        """The commonest reasons for stepping down, with the number of bars."""
        attempts = self.answers["attempts"]
        found = attempts[attempts != ""].value_counts().head(_N_REASONS)
        return {str(reason): int(n) for reason, n in found.items()}

    def trades(self) -> pd.DataFrame:
        """What the ladder traded, one row a trade."""
        rows = [
            vars(trade) | {"side": trade.side.name, "reason": trade.reason.value}
            for trade in self.replays[LADDER].trades
        ]
        return pd.DataFrame(rows, columns=[field.name for field in fields(Trade)])

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            "from": self.times[0].isoformat(),
            "until": self.times[-1].isoformat(),
            "n_judged": len(self.answers),
            "contenders": {name: one.to_dict() for name, one in self.performances.items()},
            "answered_by": self.shares,
            "stepped_down": self.reasons,
        }

    def to_metrics(self) -> dict[str, float]:
        """Flat metric names for MLflow: `contender.sharpe`, `answered_by.1`, ..."""
        metrics = {f"answered_by.{name}": share for name, share in self.shares.items()}
        for name, one in self.performances.items():
            metrics |= one.to_metrics(name)
        return metrics


def backtest(
    bars: pd.DataFrame,
    features: pd.DataFrame,
    answers: pd.DataFrame,
    settings: Settings,
    *,
    n_tried: int,
) -> Backtest:
    """Trade answers, and what a trader has without a model, from the first to the last of them.

    Parameters
    ----------
    bars : DataFrame of shape (n_bars, 5)
        Checked bars.
    features : DataFrame with any `strategy_signal_*` columns
        Indexed by time.
    answers : DataFrame of shape (n_answers, 7)
        From `Ladder.predict_frame`, at least one. A bar between them that has none is masked, for
        every contender alike.
    settings : Settings
    n_tried : int, at least 1
    """
    span = bars.loc[answers.index[0] : answers.index[-1]]
    said = np.full(len(span), int(Signal.HOLD))
    tradable = np.asarray(span.index.isin(answers.index))
    said[tradable] = [int(Signal[name]) for name in answers["signal"]]
    trading, label = settings.bot.trading, settings.training.label
    return Backtest(
        answers=answers,
        replays={
            LADDER: replay(span, said, trading, label, tradable=tradable),
            BOT: replay_bot(
                span, features, answers, settings, whole=bars_since_gap(bars), tradable=tradable
            ),
            **contenders(span, features, trading, label, tradable=tradable),
        },
        n_tried=n_tried,
    )
