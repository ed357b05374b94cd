"""Recursive technical features bar by bar: a few numbers that each bar moves on.

TA-Lib can only start from the beginning of a history. The arithmetic here is TA-Lib's, step by
step, so the two agree once both have forgotten how they began.
"""

NAMES = (
    "rsi_14",
    "macd",
    "macd_signal",
    "macd_hist",
    "atr_14",
    "ema_20",
    "ema_50",
    "adx_14",
    "plus_di_14",
    "minus_di_14",
)
PERIOD = 14


class ExponentialMean:
    """Exponential mean over `span` values, which starts at the first of them."""

    __slots__ = ("_weight", "value")

    def __init__(self, span: int, first: float) -> None:
        self._weight = 2.0 / (span + 1.0)
        self.value = first

    def add(self, value: float) -> float:
        """Move on by one value; return the mean."""
        self.value = (value - self.value) * self._weight + self.value
        return self.value


class RelativeStrength:
    """Wilder's RSI over 14 bars; 50 where the last 14 changes were all 0."""

    __slots__ = ("_gain", "_loss", "_unchanged")

    def __init__(self) -> None:
        self._gain = self._loss = 0.0
        self._unchanged = 0

    def add(self, change: float) -> float:
        """Move on by one change of the close; return the index."""
        gain, loss = (change, 0.0) if change > 0.0 else (0.0, -change)
        self._unchanged = self._unchanged + 1 if change == 0.0 else 0
        self._gain = (self._gain * (PERIOD - 1) + gain) / PERIOD
        self._loss = (self._loss * (PERIOD - 1) + loss) / PERIOD
        both = self._gain + self._loss
        if self._unchanged >= PERIOD:
            return 50.0
        return 100.0 * (self._gain / both) if both > 0.0 else 0.0


class DirectionalMovement:
    """Wilder's ADX and directional indicators over 14 bars."""

    __slots__ = ("_adx", "_minus", "_plus", "_range")

    def __init__(self) -> None:
        self._plus = self._minus = self._range = self._adx = 0.0

    def add(self, up: float, down: float, true_range: float) -> tuple[float, float, float]:
        """Move on by one bar; return ADX, +DI and -DI.

        Parameters
        ----------
        up, down : float
            How far the high rose above, and the low fell below, that of the bar before.
        true_range : float
        """
        plus = up if up > 0.0 and up > down else 0.0
        minus = down if down > 0.0 and down > up else 0.0
        self._plus = self._plus - self._plus / PERIOD + plus
        self._minus = self._minus - self._minus / PERIOD + minus
        self._range = self._range - self._range / PERIOD + true_range
        if self._range == 0.0:
            return self._adx, 0.0, 0.0
        plus_di = 100.0 * (self._plus / self._range)
        minus_di = 100.0 * (self._minus / self._range)
        both = plus_di + minus_di
        if both > 0.0:
            index = 100.0 * (abs(minus_di - plus_di) / both)
            self._adx = (self._adx * (PERIOD - 1) + index) / PERIOD
        return self._adx, plus_di, minus_di


class Recursion:
    """All recursive features after a bar, from those after the bar before.

    Parameters
    ----------
    high, low, close : float
        Of the first bar, at which every mean starts.
    """

    def __init__(self, high: float, low: float, close: float) -> None:
        self._high, self._low, self._close = high, low, close
        self._ema_12, self._ema_20 = ExponentialMean(12, close), ExponentialMean(20, close)
        self._ema_26, self._ema_50 = ExponentialMean(26, close), ExponentialMean(50, close)
        self._signal = ExponentialMean(9, 0.0)
        self._strength = RelativeStrength()
        self._movement = DirectionalMovement()
        self._true_range = high - low

    def add(self, high: float, low: float, close: float) -> tuple[float, ...]:
        """Move on by one bar; return the values of `NAMES`."""
        before = self._close
        true_range = max(high - low, abs(high - before), abs(low - before))
        self._true_range = (self._true_range * (PERIOD - 1) + true_range) / PERIOD
        adx, plus_di, minus_di = self._movement.add(high - self._high, self._low - low, true_range)
        line = self._ema_12.add(close) - self._ema_26.add(close)
        signal = self._signal.add(line)
        strength = self._strength.add(close - before)
        self._high, self._low, self._close = high, low, close
        return (
            strength,
            line,
            signal,
            line - signal,
            self._true_range,
            self._ema_20.add(close),
            self._ema_50.add(close),
            adx,
            plus_di,
            minus_di,
        )
