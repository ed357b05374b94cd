"""Bars by hand, and settings whose stop is 2 % and whose target is 3 % away."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd

from kaidan.market.bar import ONE_BAR, Bar
from kaidan.settings import LabelSettings
from kaidan.signal import Signal
from kaidan.trading.order import Executed, Order
from kaidan.trading.paper import PaperBroker
from kaidan.trading.policy import Side
from kaidan.trading.replay import Replay, replay
from kaidan.trading_settings import TradingSettings

LABEL = LabelSettings(horizon_bars=3, threshold_return=0.01)
FREE = {"taker_fee_share": 0.0, "slippage_share": 0.0}
# Near enough that random bars, which move 0.2 % each, reach them often.
CLOSE = {"stop_in_label_thresholds": 0.3, "target_in_label_thresholds": 0.5}
ANSWERS = {"-": Signal.HOLD, "B": Signal.BUY, "S": Signal.SELL}

Row = tuple[float, ...] | float


def trading(**changes: object) -> TradingSettings:
    values = {
        "taker_fee_share": 0.001,
        "slippage_share": 0.0005,
        "stop_in_label_thresholds": 2.0,
        "target_in_label_thresholds": 3.0,
        "position_share": 1.0,
        "allow_short": True,
        "min_strategy_confidence": 0.5,
        "initial_equity_quote": 1.0,
        "max_volume_share": 1.0,
    }
    return TradingSettings.model_validate(values | changes)


def order(side: Side = Side.LONG, **changes: object) -> Order:
    values = {"share": 1.0, "stop_share": 0.02, "target_share": 0.03, "due_bars": 3}
    return Order(side=side, **(values | changes))


class Market:
    """A paper broker with 1000 to spend, that may take a tenth of a bar's volume, and its clock."""

    def __init__(self, **changes: object) -> None:
        defaults = FREE | {"initial_equity_quote": 1000.0, "max_volume_share": 0.1}
        self.settings = trading(**(defaults | changes))
        self.broker = PaperBroker(self.settings)
        self.time = datetime(2024, 1, 1, tzinfo=UTC)

    def bar(self, row: Row, volume: float = 1e6, *, tradable: bool = True) -> Executed:
        """Tell the next bar: a price at which all of it was traded, or open, high, low, close."""
        prices = (row,) * 4 if isinstance(row, int | float) else row
        told = self.broker.on_bar(Bar(self.time, *map(float, prices), volume), tradable=tradable)
        self.skip()
        return told

    def skip(self) -> None:
        """Let a bar be missing."""
        self.time += ONE_BAR

    def hold(self, side: Side = Side.LONG, **changes: object) -> None:
        """Enter at 100, without a limit of volume."""
        self.bar(100)
        self.broker.enter(order(side, **changes))
        self.bar(100)


def bars_of(rows: list[Row]) -> pd.DataFrame:
    """One row a bar: a price at which all of it was traded, or open, high, low, close[, volume]."""
    full = [(row,) * 4 if isinstance(row, int | float) else row for row in rows]
    index = pd.date_range("2024-01-01", periods=len(rows), freq="15min", tz="UTC")
    return pd.DataFrame(
        [(*row[:4], row[4] if len(row) > 4 else 1.0) for row in full],
        index=index,
        columns=["open", "high", "low", "close", "volume"],
        dtype=np.float64,
    )


def answers_of(text: str) -> np.ndarray:
    return np.array([int(ANSWERS[letter]) for letter in text])


def run(
    rows: list[Row],
    answers: str,
    *,
    missing: int | None = None,
    masked: str = "",
    **changes: object,
) -> Replay:
    """Replay `answers` (B, S or - a bar; HOLD when they end) without costs, unless `changes`.

    `missing` takes a bar away; `masked` has an x for each bar that is not tradable.
    """
    bars = bars_of(rows)
    given = answers_of(answers.ljust(len(rows), "-"))
    tradable = np.array([letter != "x" for letter in masked.ljust(len(rows), "-")])
    if missing is not None:
        bars = bars.drop(bars.index[missing])
        given, tradable = np.delete(given, missing), np.delete(tradable, missing)
    return replay(bars, given, trading(**(FREE | changes)), LABEL, tradable=tradable)


def random_bars(n: int, seed: int) -> pd.DataFrame:
    """A driftless walk of small steps: fills at a stop or target are those of its path."""
    steps = np.random.default_rng(seed).choice([-0.0001, 0.0001], size=n * 400)
    path = 100.0 * np.cumprod(1.0 + steps).reshape(n, 400)
    opens = np.concatenate([[100.0], path[:-1, -1]])
    return bars_of(
        [
            (o, max(o, h), min(o, low), c)
            for o, h, low, c in zip(
                opens, path.max(axis=1), path.min(axis=1), path[:, -1], strict=True
            )
        ]
    )
