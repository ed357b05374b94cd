"""Gaps are counted and told, never filled: a window that bridges one must be known to do so."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from kaidan.market.bars import BAR_LENGTH

_TOLD = 5


@dataclass(frozen=True)
class Gap:
    """Consecutive bars that are missing from the grid.

    Parameters
    ----------
    start : str
        Open time of the first missing bar, ISO, UTC.
    n_bars : int
    """

    start: str
    n_bars: int


@dataclass(frozen=True)
class GapReport:
    """What is not whole in a history.

    Parameters
    ----------
    n_bars : int
        Bars that are there, filler included.
    n_gaps, n_missing : int
        Runs of missing grid slots, and the slots in them.
    n_filler : int
        Bars without volume, written by a downloader where the exchange had nothing.
    first_gaps : tuple of Gap
        The first five.
    """

    n_bars: int
    n_gaps: int
    n_missing: int
    n_filler: int
    first_gaps: tuple[Gap, ...]

    def __str__(self) -> str:
        gaps = "1 gap" if self.n_gaps == 1 else f"{self.n_gaps} gaps"
        text = f"{self.n_bars:,} bars, {self.n_missing} missing in {gaps}"
        if self.first_gaps:
            shown = ", ".join(f"{gap.n_bars} from {gap.start}" for gap in self.first_gaps)
            text += f" ({shown}{', ...' if self.n_gaps > len(self.first_gaps) else ''})"
        return f"{text}, {self.n_filler} zero-volume filler"

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        return asdict(self)


def find_gaps(bars: pd.DataFrame) -> GapReport:
    """Count missing grid slots and zero-volume filler in checked `bars`."""
    missing = _missing_before(bars)
    after = np.flatnonzero(missing)
    gaps = tuple(
        Gap((bars.index[row] - missing[row] * BAR_LENGTH).isoformat(), int(missing[row]))
        for row in after[:_TOLD]
    )
    return GapReport(
        n_bars=len(bars),
        n_gaps=len(after),
        n_missing=int(missing.sum()),
        n_filler=int((bars["volume"] == 0).sum()),
        first_gaps=gaps,
    )


def bars_since_gap(bars: pd.DataFrame) -> pd.Series:
    """Length of the run of whole bars that ends at each bar.

    A window of n bars is whole exactly when the count at its last bar is at least n. The first
    bar after missing ones counts 1, a filler bar 0, and the first bar of the history 1: nothing
    before it is known to be missing, and warm-up already keeps windows from reaching there.

    Returns
    -------
    Series of int64, in bars, on the index of `bars`
    """
    filler = (bars["volume"] == 0).to_numpy()
    breaks = filler | (_missing_before(bars) > 0)
    row = np.arange(len(bars))
    last_break = np.maximum.accumulate(np.where(breaks, row, 0))
    # A run starts at the break itself after missing bars, and one later after filler.
    counts = row - last_break + 1 - filler[last_break]
    return pd.Series(counts.astype("int64"), index=bars.index, name="bars_since_gap")


def _missing_before(bars: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    slots = pd.DatetimeIndex(bars.index).as_unit("s").asi8 // int(BAR_LENGTH.total_seconds())
    return np.diff(slots, prepend=slots[:1] - 1) - 1
