"""Bars as plain arrays: formulas work on columns, and need neither an index nor pandas."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

Array = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]
Columns = dict[str, Array]


class Ohlcv(NamedTuple):
    """The five columns of some consecutive bars, each of shape (n_bars,)."""

    open: Array
    high: Array
    low: Array
    close: Array
    volume: Array

    @property
    def typical(self) -> Array:
        """Typical price (H + L + C) / 3."""
        return (self.high + self.low + self.close) / 3.0


def as_ohlcv(bars: "pd.DataFrame") -> Ohlcv:
    """Contiguous float64 columns of `bars`, as TA-Lib wants them."""
    return Ohlcv(*(np.ascontiguousarray(bars[name], dtype=np.float64) for name in Ohlcv._fields))
