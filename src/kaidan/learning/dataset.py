"""Labelled rows to learn from: features, what came true, and what was left out, counted."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaidan.errors import TrainingError
from kaidan.features.manager import FeatureManager
from kaidan.learning.labels import make_labels
from kaidan.learning.splits import holdout_start, rows_needed
from kaidan.market.bars import require_bars
from kaidan.market.gaps import GapReport, bars_since_gap, find_gaps
from kaidan.settings import Settings


@dataclass(frozen=True)
class Dataset:
    """Rows of one level, in time order, whole and labelled.

    Attributes
    ----------
    level : int
    features : DataFrame of shape (n_rows, n_features)
        In contract order, finite.
    y : int array of shape (n_rows,)
        Signals that came true.
    dropped : dict of reason to number of rows left out
    development, holdout : slice of row positions
        A label horizon lies between them.
    """

    level: int
    features: pd.DataFrame
    y: NDArray[np.int64]
    dropped: dict[str, int]
    development: slice
    holdout: slice

    @property
    def times(self) -> pd.DatetimeIndex:
        """Open time of each row's bar."""
        return pd.DatetimeIndex(self.features.index)


@dataclass(frozen=True)
class History:
    """Bars with the features of all levels, computed once.

    Attributes
    ----------
    bars : DataFrame of shape (n_bars, 5)
    macro : DataFrame of shape (n_days, 4) or None
    features : DataFrame of shape (n_bars - warmup_bars + 1, 70)
    labels : Series, Signals by time
    whole : Series of bool
        No gap or filler bar is near (see `quality.min_bars_since_gap`).
    gaps : GapReport
    """

    bars: pd.DataFrame
    macro: pd.DataFrame | None
    features: pd.DataFrame
    labels: pd.Series
    whole: pd.Series
    gaps: GapReport

    def require(self, level: int, settings: Settings) -> None:
        """Refuse a level that has no values at all of one of its features.

        Raises
        ------
        TrainingError
            Level 1 has no macro data.
        """
        names = FeatureManager(settings).get_feature_names(level)
        empty = [name for name in names if self.features[name].isna().all()]
        if empty:
            raise TrainingError(
                f"level {level} got no values of {', '.join(empty)}; pass --macro FILE or "
                "--macro live, or train level 2, which needs no macro data"
            )

    def dataset(self, level: int, settings: Settings) -> Dataset:
        """Rows of one level.

        Raises
        ------
        TrainingError
            A feature has no values, or too few rows are left.
        """
        self.require(level, settings)
        columns = self.features[FeatureManager(settings).get_feature_names(level)]
        known = columns.index.isin(self.labels.index)
        whole = self.whole.reindex(columns.index).to_numpy()
        finite = np.isfinite(columns.to_numpy()).all(axis=1)
        kept = columns[known & whole & finite]
        training = settings.training
        gap = training.label.horizon_bars
        needed = rows_needed(training.splits, gap)
        if len(kept) < needed:
            raise TrainingError(
                f"level {level} got {len(kept)} whole labelled rows, wants at least {needed}; "
                "use more --days or data with fewer gaps"
            )
        start = holdout_start(len(kept), training.splits)
        return Dataset(
            level=level,
            features=kept,
            y=self.labels.reindex(kept.index).to_numpy(dtype=np.int64),
            dropped={
                "future unknown": int((~known).sum()),
                "gap nearby": int((known & ~whole).sum()),
                "macro missing or stale": int((known & whole & ~finite).sum()),
            },
            development=slice(0, start - gap),
            holdout=slice(start, len(kept)),
        )


def build_history(
    bars: pd.DataFrame, macro: pd.DataFrame | None, settings: Settings, *, days: int, source: str
) -> History:
    """Compute features and labels; keep the rows of the last `days` days of the data.

    Bars before those days only warm the indicators up.
    """
    require_bars(
        bars,
        settings.levels.warmup_bars
        + rows_needed(settings.training.splits, settings.training.label.horizon_bars),
        why="warm-up + the minimum to train",
        source=source,
    )
    features = FeatureManager(settings).generate_features(bars, macro=macro)
    first = features.index.searchsorted(bars.index[-1] - pd.Timedelta(days=days), side="right")
    return History(
        bars=bars,
        macro=macro,
        features=features.iloc[int(first) :],
        labels=make_labels(bars, settings.training.label),
        whole=bars_since_gap(bars) >= settings.training.quality.min_bars_since_gap,
        gaps=find_gaps(bars),
    )
