"""A quarter to live through: the sample's market or bars of a file, with what goes wrong in it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from kaidan.home import kaidan_home
from kaidan.market.bar import BARS_PER_DAY
from kaidan.market.sample import sample_bars, sample_macro
from kaidan.market.source import load_bars, load_macro
from kaidan.settings import Settings

WEEK = pd.Timedelta(weeks=1)
BREAK_FACTOR = 6.0  # what a bar moves after the break, against before
_INTO_THE_WEEK = pd.Timedelta(days=1, hours=12)
_SILENT = pd.Timedelta(hours=10)


@dataclass(frozen=True)
class Story:
    """In which week, from 0, something goes wrong; None: never.

    Attributes
    ----------
    outage : int or None
        The exchange is silent for ten hours.
    bad_release : int or None
        Somebody promotes a release that is wrong, at the week's beginning.
    registry_down : int or None
        From the sixth day of the week to the second of the next.
    regime_break : int or None
        On the second day of the week.
    """

    outage: int | None
    bad_release: int | None
    registry_down: int | None
    regime_break: int | None

    @classmethod
    def none(cls) -> Self:
        """Nothing goes wrong."""
        return cls(None, None, None, None)

    @classmethod
    def of(cls, weeks: int) -> Self:
        """All of it, each in its quarter of the time."""
        return cls(*(weeks * n // 4 for n in range(4)))


@dataclass(frozen=True)
class Quarter:
    """Bars to learn from and to live through.

    Attributes
    ----------
    bars : DataFrame of shape (n_bars, 5)
    macro : DataFrame or None
    start : Timestamp
        Of the first bar that is lived through.
    weeks : int
    story : Story
    """

    bars: pd.DataFrame
    macro: pd.DataFrame | None
    start: pd.Timestamp
    weeks: int
    story: Story

    def moment_in(self, week: int | None) -> pd.Timestamp | None:
        """When something in that week happens: on its second day."""
        return None if week is None else self.start + week * WEEK + _INTO_THE_WEEK

    def until(self, end: pd.Timestamp) -> pd.DataFrame:
        """Bars that are closed at `end`."""
        return self.bars[self.bars.index < end]

    def between(self, begin: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
        """Bars that open from `begin` on and before `end`."""
        return self.bars[(self.bars.index >= begin) & (self.bars.index < end)]


def make_quarter(
    settings: Settings,
    story: Story,
    *,
    weeks: int,
    train_days: int,
    seed: int,
    data: str | None,
    macro: str | None,
) -> Quarter:
    """Take or simulate `train_days` and the warm-up before them, then `weeks` weeks.

    Parameters
    ----------
    settings : Settings
    story : Story
    weeks, train_days : int
    seed : int
        Of the sample.
    data, macro : str or None
        As `kaidan train` takes them; None: the sample.
    """
    days = -(-settings.levels.warmup_bars // BARS_PER_DAY) + train_days + 7 * weeks
    if data is None:
        bars, series = sample_bars(days, seed=seed), sample_macro(days, seed=seed)
    else:
        place = str(Path(data).absolute())
        bars = load_bars(place, days=days, home=kaidan_home())
        series = load_macro(macro or "", bars_uri=place, home=kaidan_home())
    start = bars.index[-1] + pd.Timedelta(minutes=15) - weeks * WEEK
    quarter = Quarter(bars, series, start, weeks, story)
    breaks_at, silent_at = map(quarter.moment_in, (story.regime_break, story.outage))
    if breaks_at is not None:
        bars = _broken(bars, bars.index >= breaks_at)
    if silent_at is not None:
        bars = bars[(bars.index < silent_at) | (bars.index >= silent_at + _SILENT)]
    return Quarter(bars, series, start, weeks, story)


def _broken(bars: pd.DataFrame, after: np.ndarray) -> pd.DataFrame:
    """Let every bar after the break move so many times as far as it did."""
    names = ["open", "high", "low", "close"]
    prices = np.log(bars[names].to_numpy())
    before = np.concatenate([prices[:1, 3], prices[:-1, 3]])
    moves = np.where(after, BREAK_FACTOR, 1.0)[:, None] * (prices - before[:, None])
    closes = prices[0, 3] + np.cumsum(moves[:, 3])
    begun = np.concatenate([closes[:1], closes[:-1]])
    broken = bars.copy()
    broken[names] = np.exp(begun[:, None] + moves)
    return broken
