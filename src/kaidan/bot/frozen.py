"""What is live, back-tested on bars that it has not learnt from."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from kaidan.bot.backtest import Backtest, backtest
from kaidan.bot.learnt import Learnt, unseen
from kaidan.features.manager import FeatureManager
from kaidan.serving.ladder import Ladder
from kaidan.settings import Settings


@dataclass(frozen=True)
class FrozenResult:
    """A back-test of live versions.

    Attributes
    ----------
    done : Backtest
    learnt : tuple of Learnt
    n_masked : int
        Bars with features that were left out because a version has learnt from them.
    """

    done: Backtest
    learnt: tuple[Learnt, ...]
    n_masked: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            "mode": "frozen",
            **self.done.to_dict(),
            "n_masked": self.n_masked,
            "learnt": [one.to_dict() for one in self.learnt],
        }

    def to_metrics(self) -> dict[str, float]:
        """Flat metric names for MLflow."""
        return self.done.to_metrics()


def backtest_frozen(
    bars: pd.DataFrame,
    macro: pd.DataFrame | None,
    ladder: Ladder,
    learnt: tuple[Learnt, ...],
    settings: Settings,
    *,
    n_tried: int,
) -> FrozenResult:
    """Let a ladder answer each bar that no level of it has learnt from, and trade the answers.

    Parameters
    ----------
    bars : DataFrame of shape (n_bars, 5)
        Checked bars; the first of them are the warm-up of the features.
    macro : DataFrame of shape (n_days, 4) or None
    ladder : Ladder
    learnt : tuple of Learnt
        Of its loaded levels.
    settings : Settings
    n_tried : int, at least 1
        See `Backtest`.

    Raises
    ------
    DataError
        Too few bars, or all of them were learnt from.
    """
    features = FeatureManager(settings).generate_features(bars, macro=macro)
    judged = unseen(pd.DatetimeIndex(features.index), learnt)
    answers = ladder.predict_frame(features[judged])
    return FrozenResult(
        done=backtest(bars, features, answers, settings, n_tried=n_tried),
        learnt=learnt,
        n_masked=int((~judged).sum()),
    )
