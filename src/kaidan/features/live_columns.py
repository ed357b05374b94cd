"""Technical features and strategy signals of the newest bar, from those of the bars before it.

Windows are computed with the formulas of batch, over no more bars than they read; recursive means
move on by one step; a 4 h average changes only when a 4 h bar has closed.
"""

import numpy as np

from kaidan.features.catalogue import CATALOGUE
from kaidan.features.close_shares import close_shares
from kaidan.features.lags import LAGGED, lag_features
from kaidan.features.ohlcv import Array, Times
from kaidan.features.recursion import NAMES, Recursion
from kaidan.features.ring import Ring
from kaidan.features.strategies.atr_based import volatility_regime
from kaidan.features.strategies.multi_timeframe import HIGHER_SECONDS, higher_spread
from kaidan.features.strategies.signals import strategy_signals
from kaidan.features.windowed import FORMULAS
from kaidan.market.bar import BAR_SECONDS, COLUMNS
from kaidan.strategy_settings import StrategySettings

_FIRST = (*COLUMNS, *NAMES)
_FOR_STRATEGIES = ("volatility_regime", "higher_spread")
_ELSEWHERE = {"lags", "time", "strategy", "macro"}
_COLUMNS = (
    *_FIRST,
    *(n for n, f in CATALOGUE.items() if f.group not in _ELSEWHERE and n not in _FIRST),
    *_FOR_STRATEGIES,
)
_LOOK_BACKS = {formula.look_back_bars for formula in FORMULAS}


class LiveColumns:
    """What is known of the newest bars.

    Parameters
    ----------
    settings : StrategySettings
    n_bars : int
        How many bars are remembered.
    """

    def __init__(self, settings: StrategySettings, n_bars: int) -> None:
        self._settings = settings
        self.ring = Ring(_COLUMNS, n_bars)
        self._recursion: Recursion | None = None
        self._uncomputed = 0
        # Strategies and lags look this far back on features, and the regime further on one.
        self._recent = max(
            settings.mochipoy_alert.rci_long_bars + 1,
            settings.mochipoy_alert.rci_short_bars + 1,
            1 + max(lag for _, lag in LAGGED),
        )
        self._depth = self._recent + settings.atr_based.regime_window_bars

    def load(self, times: Times, bars: Array) -> None:
        """Begin again.

        Parameters
        ----------
        times : int64 array of shape (n,), epoch seconds
        bars : array of shape (n, 5)
        """
        self._recursion = None
        rows = [(*row, *self._move_on(*row)) for row in bars.tolist()]
        self.ring.replace(times, np.array(rows).reshape(len(times), len(_FIRST)))
        self._uncomputed = len(times)

    def append(self, time: int, bar: tuple[float, ...]) -> None:
        """Add a bar that is newer than all others; `bar` is open, high, low, close, volume."""
        self.ring.append(time, (*bar, *self._move_on(*bar)))
        self._uncomputed += 1

    def newest(self) -> dict[str, float]:
        """Features of the newest bar, technical and strategy; others beside them."""
        self._catch_up()
        recent = self.ring.recent(self._recent)
        columns = lag_features(recent) | strategy_signals(recent, self._settings)
        return self.ring.newest() | {name: float(column[-1]) for name, column in columns.items()}

    def _move_on(
        self, _open: float, high: float, low: float, close: float, _volume: float
    ) -> tuple[float, ...]:
        if self._recursion is None:
            self._recursion = Recursion(high, low, close)
        return self._recursion.add(high, low, close)

    def _catch_up(self) -> None:
        n = min(self._uncomputed, self._depth)
        if n == 0:
            return
        ring = self.ring
        tails = {reach: ring.bars(reach + n - 1) for reach in _LOOK_BACKS}
        for look_back_bars, columns in FORMULAS:
            ring.put(columns(tails[look_back_bars]), n)
        means = {name: ring[name][-n:] for name in ("atr_14", "ema_20", "ema_50")}
        ring.put(close_shares(means, ring["close"][-n:]), n)

        n = min(n, self._recent)
        reach = self._settings.atr_based.regime_window_bars + n - 1
        regime = volatility_regime(ring["natr_14"][-reach:], self._settings.atr_based)
        ring.put({"volatility_regime": regime, "higher_spread": self._higher_spread(n)}, n)
        self._uncomputed = 0

    def _higher_spread(self, n: int) -> Array:
        """4 h spread of the newest `n` bars: that of the bar before while no 4 h bar closes."""
        closed_at = self.ring.times + BAR_SECONDS
        if n == 1 and closed_at[-1] // HIGHER_SECONDS == closed_at[-2] // HIGHER_SECONDS:
            return self.ring["higher_spread"][-2:-1]
        close = self.ring["close"]
        return higher_spread(closed_at, close, self._settings.multi_timeframe)[-n:]
