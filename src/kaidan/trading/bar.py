"""One closed bar as the engine is told it: plain numbers, because a frame is slow row by row."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import pandas as pd

from kaidan.market.bars import BAR_MINUTES, COLUMNS

ONE_BAR = timedelta(minutes=BAR_MINUTES)


class Bar(NamedTuple):
    """A closed candle; `time` is when it opened, with a zone."""

    time: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float

    @property
    def traded(self) -> bool:
        """Whether anybody traded; the prices of a filler bar are nobody's."""
        return self.volume > 0


def each_bar(bars: pd.DataFrame) -> Iterator[Bar]:
    """Go through checked `bars` of shape (n_bars, 5), oldest first."""
    times = pd.DatetimeIndex(bars.index).to_pydatetime()
    return map(Bar, times, *(bars[column].tolist() for column in COLUMNS))
