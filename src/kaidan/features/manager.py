"""FeatureManager: the one place where bars become features, for training, replay and live alike.

Live goes bar by bar through the stream that it gives, with the same formulas.
"""

import math
from datetime import datetime

import numpy as np
import pandas as pd

from kaidan.errors import ContractError, SettingsError
from kaidan.features.catalogue import CATALOGUE
from kaidan.features.contract import level_features
from kaidan.features.macro_features import fed_by, macro_features, stale_sources
from kaidan.features.ohlcv import Columns, as_ohlcv
from kaidan.features.sessions import time_features
from kaidan.features.strategies.atr_based import volatility_regime
from kaidan.features.strategies.multi_timeframe import higher_spread
from kaidan.features.strategies.signals import strategy_signals
from kaidan.features.stream import FeatureStream
from kaidan.features.technical import technical_features
from kaidan.market.bars import BAR_LENGTH, check_bars, require_bars
from kaidan.market.gaps import bars_since_gap
from kaidan.market.known_macro import KnownMacro
from kaidan.market.macro import check_macro
from kaidan.settings import Settings, load_settings


class FeatureManager:
    """Features by level, in contract order.

    Parameters
    ----------
    settings : Settings, optional
        Default: kaidan's own configuration.

    Examples
    --------
    >>> manager = FeatureManager()
    >>> [manager.get_feature_count(level) for level in (1, 2, 3)]
    [70, 62, 57]
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = load_settings() if settings is None else settings

    def generate_features(
        self, bars: pd.DataFrame, macro: pd.DataFrame | None = None
    ) -> pd.DataFrame:
        """Compute all 70 features for each bar that has its full warm-up before it.

        Parameters
        ----------
        bars : DataFrame with `timestamp`, open, high, low, close, volume
            Closed 15-minute bars; see `kaidan.market.bars.check_bars`.
        macro : DataFrame with `date` and the four macro series, optional
            Without it, and where a source is stale, macro columns are NaN.

        Returns
        -------
        DataFrame of shape (n_bars - warmup_bars + 1, 70), float64
            Columns in contract order, index = open times. Only macro columns can be NaN.

        Raises
        ------
        DataError
            The bars or the macro series are not sound, or there are fewer than `warmup_bars`.
        SettingsError
            `warmup_bars` is shorter than some feature needs.
        """
        warmup = self._settings.levels.warmup_bars
        bars = check_bars(bars)
        require_bars(bars, warmup, why="warm-up of the features", source="bars")
        columns = self._compute(bars, None if macro is None else check_macro(macro))
        names = self.get_feature_names(1)
        features = pd.DataFrame(columns, index=bars.index, columns=names).iloc[warmup - 1 :]
        self._refuse_short_warmup(features)
        return features

    def stream(self) -> FeatureStream:
        """Give an empty stream: the same features, one bar at a time and without pandas."""
        return FeatureStream(self._settings)

    def get_feature_names(self, level: int | str) -> list[str]:
        """Feature names of level 1, 2 or 3, or of `"legacy12"`, in order.

        Raises
        ------
        UsageError
            There is no such level.
        """
        if level == "legacy12":
            return list(self._settings.levels.legacy12)
        return list(level_features(self._settings.levels, level))

    def get_feature_count(self, level: int | str) -> int:
        """Return how many features `level` has; see `get_feature_names`."""
        return len(self.get_feature_names(level))

    def validate_features(self, features: pd.DataFrame, level: int | str = 1) -> None:
        """Check that a model of `level` can be given `features`; extra columns and order are free.

        Raises
        ------
        ContractError
            A column is missing or holds a value that is not a finite number.
        UsageError
            There is no such level.
        """
        names = self.get_feature_names(level)
        missing = [name for name in names if name not in features.columns]
        if missing:
            raise ContractError(
                f"level {level} wants {len(names)} features, missing: {', '.join(missing)}; "
                "make them with FeatureManager.generate_features"
            )
        broken = [name for name in names if not _is_finite(features[name])]
        if broken:
            raise ContractError(
                f"level {level} wants finite numbers, got others in: {', '.join(broken)}; "
                "mend the input or use a level without them"
            )

    def stale_features(self, macro: pd.DataFrame | None, at: datetime) -> frozenset[str]:
        """Macro features whose source has no value fresh enough at `at`; without macro, all 8.

        Parameters
        ----------
        macro : DataFrame as for `generate_features`, or None
        at : datetime with a zone
            When the decision is made: the bar's close, or now.

        Raises
        ------
        DataError
            The macro series are not sound.
        """
        known = KnownMacro.from_frame(None if macro is None else check_macro(macro))
        max_age_days = self._settings.bot.freshness.max_macro_age_days
        return fed_by(stale_sources(known, math.floor(at.timestamp()), max_age_days))

    def bridged(self, bars: pd.DataFrame) -> pd.DataFrame:
        """Mark each value whose look-back reaches over missing bars or zero-volume filler.

        Windows count bars, not minutes, so they do reach over gaps; they are never bridged
        without being flagged here.

        Returns
        -------
        DataFrame of shape (n_bars, 70), bool
            Columns in contract order; all bars, the warm-up too.

        Raises
        ------
        DataError
            The bars are not sound.
        """
        bars = check_bars(bars)
        names = self.get_feature_names(1)
        needed = np.array([CATALOGUE[name].look_back_bars for name in names])
        since = bars_since_gap(bars).to_numpy()
        return pd.DataFrame(since[:, None] < needed, index=bars.index, columns=names)

    def _compute(self, bars: pd.DataFrame, macro: pd.DataFrame | None) -> Columns:
        closed_at = (pd.DatetimeIndex(bars.index) + BAR_LENGTH).as_unit("s").asi8
        ohlcv = as_ohlcv(bars)
        technical = technical_features(ohlcv)
        strategies = self._settings.training.strategies
        for_strategies = {
            "volatility_regime": volatility_regime(technical["natr_14"], strategies.atr_based),
            "higher_spread": higher_spread(closed_at, ohlcv.close, strategies.multi_timeframe),
        }
        return {
            **technical,
            **time_features(closed_at),
            **strategy_signals(technical | for_strategies, strategies),
            **macro_features(
                KnownMacro.from_frame(macro),
                closed_at,
                ohlcv.close,
                closed_at,
                max_age_days=self._settings.bot.freshness.max_macro_age_days,
            ),
        }

    def _refuse_short_warmup(self, features: pd.DataFrame) -> None:
        first = features[self.get_feature_names(2)].iloc[0]
        if first.isna().any():
            raise SettingsError(
                f"warmup_bars is {self._settings.levels.warmup_bars}, too few for "
                f"{', '.join(map(str, first.index[first.isna()]))}: raise it in levels.yaml"
            )


def _is_finite(values: pd.Series) -> bool:
    try:
        return bool(np.isfinite(values.to_numpy(dtype=np.float64)).all())
    except (TypeError, ValueError):
        return False
