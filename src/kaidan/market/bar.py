"""One closed bar as plain numbers, and the grid it lies on.

A frame is slow row by row, and pandas alone is most of what a bot may weigh: it is not imported.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

BAR_MINUTES = 15
BAR_SECONDS = 60 * BAR_MINUTES
BARS_PER_DAY = 24 * 60 // BAR_MINUTES
COLUMNS = ("open", "high", "low", "close", "volume")
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


def each_bar(bars: "pd.DataFrame") -> Iterator[Bar]:
    """Go through checked `bars` of shape (n_bars, 5), oldest first."""
    times = bars.index.to_pydatetime()  # type: ignore[attr-defined]
    return map(Bar, times, *(bars[column].tolist() for column in COLUMNS))
