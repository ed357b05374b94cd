"""The two kinds of back-test, checked as far as they can be before any work is done."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from kaidan.bot.backtest import backtest
from kaidan.bot.frozen import FrozenResult, backtest_frozen
from kaidan.bot.learnt import cached, registered
from kaidan.bot.walk_forward import walk_forward
from kaidan.bot.walk_result import WalkResult
from kaidan.bot.walk_steps import plan_steps
from kaidan.commands.progress import level_progress
from kaidan.errors import RegistryError
from kaidan.learning.dataset import build_history
from kaidan.serving.cache import ModelCache
from kaidan.serving.ladder import Ladder
from kaidan.settings import Settings


@dataclass(frozen=True)
class Job:
    """A back-test that can begin.

    Attributes
    ----------
    mode : str
    levels : tuple of int
        Those that can answer.
    params : dict
    tags : dict
        Versions by level.
    work : function of the number of tried variants, to the result
    """

    mode: str
    levels: tuple[int, ...]
    params: dict[str, Any]
    tags: dict[str, str]
    work: Callable[[int], FrozenResult | WalkResult]

    @property
    def name(self) -> str:
        """As a person would call it."""
        levels = ", ".join(map(str, self.levels))
        return f"{self.mode}, level{'s' if len(self.levels) > 1 else ''} {levels}"


def frozen_job(
    bars: pd.DataFrame,
    macro: pd.DataFrame | None,
    settings: Settings,
    *,
    home: Path,
    from_cache: bool,
) -> Job:
    """Back-test what is live.

    Raises
    ------
    RegistryError
        No level could be loaded.
    """
    ladder = (
        Ladder.from_cache(settings, home=home)
        if from_cache
        else Ladder.from_registry(settings, home=home)
    )
    if not ladder.loaded:
        why = "; ".join(f"level {level}: {reason}" for level, reason in ladder.unloaded.items())
        raise RegistryError(f"no level could be loaded ({why}); train one with kaidan train")
    learnt = cached(ladder, ModelCache(home)) if from_cache else registered(ladder)

    def work(n_tried: int) -> FrozenResult:
        return backtest_frozen(bars, macro, ladder, learnt, settings, n_tried=n_tried)

    return Job(
        mode="backtest",
        levels=tuple(ladder.loaded),
        params={},
        tags={f"level{one.level}.version": str(one.version) for one in learnt},
        work=work,
    )


def walking_job(
    bars: pd.DataFrame,
    macro: pd.DataFrame | None,
    settings: Settings,
    levels: tuple[int, ...],
    *,
    source: str,
    train_days: int,
    test_days: int,
    step_days: int,
    visible: bool,
) -> Job:
    """Back-test with retraining.

    Raises
    ------
    TrainingError
        Level 1 has no macro data.
    DataError
        Too few bars.
    UsageError
        A bar would be answered twice.
    """
    days = {"train_days": train_days, "test_days": test_days, "step_days": step_days}
    # All of them: across a gap, bars span more days than there are bars for.
    whole = (bars.index[-1] - bars.index[0]).days + 1
    history = build_history(bars, macro, settings, days=whole, source=source)
    for level in levels:
        history.require(level, settings)
    steps = plan_steps(pd.DatetimeIndex(history.features.index), **days)

    def work(n_tried: int) -> WalkResult:
        with level_progress(len(steps) * len(levels), visible=visible) as tell:
            walked = walk_forward(history, steps, levels, settings, progress=tell)
        answers = pd.concat([one.answers for one in walked])
        done = backtest(bars, history.features, answers, settings, n_tried=n_tried)
        return WalkResult(done, walked)

    return Job(mode="walk-forward", levels=levels, params=days, tags={}, work=work)
