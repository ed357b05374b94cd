"""Bars on their way into a stream, and its rows against those of batch."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from kaidan.features.manager import FeatureManager
from kaidan.features.stream import FeatureStream
from kaidan.market.bar import Bar, each_bar
from kaidan.market.known_macro import KnownMacro

WARMUP = 2976


def history(bars: pd.DataFrame) -> np.ndarray:
    seconds = pd.DatetimeIndex(bars.index).as_unit("s").asi8.astype(np.float64)
    return np.column_stack([seconds, bars.to_numpy()])


def nth(bars: pd.DataFrame, n: int) -> Bar:
    return next(each_bar(bars.iloc[[n]]))


def batch_of(bars: pd.DataFrame, macro: pd.DataFrame | None = None) -> pd.DataFrame:
    return FeatureManager().generate_features(bars, macro)


def stream_of(bars: pd.DataFrame, macro: pd.DataFrame | None = None) -> FeatureStream:
    stream = FeatureManager().stream()
    stream.set_macro(None if macro is None else KnownMacro.from_frame(macro))
    stream.load(history(bars))
    return stream


def rows_of(stream: FeatureStream, bars: pd.DataFrame) -> pd.DataFrame:
    """Push `bars` and take a row after each."""
    rows = []
    for bar in each_bar(bars):
        stream.push(bar)
        rows.append(stream.row())
    return pd.DataFrame(rows, index=bars.index)


def assert_same(got: pd.DataFrame, wanted: pd.DataFrame) -> None:
    """Within 1e-9 of the value, and of 1 where it is as good as 0."""
    pd.testing.assert_index_equal(got.columns, wanted.columns)
    np.testing.assert_array_equal(got.isna(), wanted.isna())
    size = wanted.abs().where(wanted.abs() > 1e-6, 1.0)
    off = ((got - wanted).abs() / size).max()
    assert not (off > 1e-9).any(), off[off > 1e-9]


def assert_lives(bars: pd.DataFrame, macro: pd.DataFrame | None, *, n: int) -> None:
    """A stream loaded with the warm-up and pushed the last `n` bars gives the rows of batch."""
    got = rows_of(stream_of(bars.iloc[:-n], macro), bars.iloc[-n:])
    assert_same(got, batch_of(bars, macro).iloc[-n:])


def with_bars(bars: pd.DataFrame, changed: Iterable[Bar]) -> pd.DataFrame:
    """Bars with some added or replaced."""
    result = bars.copy()
    for bar in changed:
        result.loc[pd.Timestamp(bar.time)] = bar[1:]
    return result.sort_index()
