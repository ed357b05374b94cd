"""Macro series as the instants at which each value was known: what a feature may read, and no more.

A bot that holds them as plain arrays needs no pandas.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kaidan.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

MACRO_COLUMNS = ("usd_jpy", "nikkei_225", "us_10y_yield", "fear_greed_index")


class Series(NamedTuple):
    """One series, oldest value first.

    Parameters
    ----------
    known : int64 array of shape (n_values,)
        When each value was known, in epoch seconds; not decreasing.
    values : float64 array of shape (n_values,)
        Never NaN: a day without a value is not there.
    """

    known: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class KnownMacro:
    """The four macro series, each by when its values were known.

    Parameters
    ----------
    series : dict of Series
        One for each of `MACRO_COLUMNS`; empty where there is no value at all.
    """

    series: Mapping[str, Series]

    def __getitem__(self, column: str) -> Series:
        return self.series[column]

    @classmethod
    def from_frame(cls, frame: "pd.DataFrame | None") -> "KnownMacro":
        """Read a frame from `check_macro`; None gives four empty series."""
        if frame is None:
            return cls({column: _series([], []) for column in MACRO_COLUMNS})
        return cls({column: _of_column(frame[column]) for column in MACRO_COLUMNS})

    def ages_seconds(self, at: float) -> dict[str, float]:
        """Since when the latest value of each series has been known, seconds.

        Parameters
        ----------
        at : float, in epoch seconds
            Later values are passed over. A series without a value by then is left out.
        """
        ages = {}
        for column, (known, _) in self.series.items():
            n_known = int(known.searchsorted(at, side="right"))
            if n_known:
                ages[column] = float(at - known[n_known - 1])
        return ages

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            column: {"known": known.tolist(), "values": values.tolist()}
            for column, (known, values) in self.series.items()
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "KnownMacro":
        """Read back what `to_dict` gave.

        Raises
        ------
        DataError
            A series is missing, or is not what `Series` says.
        """
        try:
            return cls(
                {
                    column: _checked(_series(values[column]["known"], values[column]["values"]))
                    for column in MACRO_COLUMNS
                }
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"known macro values: got {error!r:.80}, want what KnownMacro.to_dict gives: "
                "write them again"
            ) from error


def _of_column(values: "pd.Series") -> Series:
    import pandas as pd

    from kaidan.market.macro import known_at

    present = values.dropna()
    known = known_at(pd.DatetimeIndex(present.index), str(values.name)).as_unit("s").asi8
    return _series(known, present.to_numpy())


def _series(known: npt.ArrayLike, values: npt.ArrayLike) -> Series:
    return Series(np.array(known, dtype=np.int64), np.array(values, dtype=np.float64))


def _checked(series: Series) -> Series:
    known, values = series
    if known.ndim != 1 or known.shape != values.shape:
        raise ValueError(f"{known.shape} instants of {values.shape} values")
    if (np.diff(known) < 0).any() or not np.isfinite(values).all():
        raise ValueError("instants that decrease, or a value that is not finite")
    return series
