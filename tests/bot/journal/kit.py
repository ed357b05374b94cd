"""Decided bars to write down: the n-th after a start, each different."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from kaidan.bot.journal import Entry, Journal
from kaidan.market.bar import ONE_BAR, Bar
from kaidan.serving.prediction import Attempt, Prediction, Probabilities
from kaidan.signal import Signal
from kaidan.trading.policy import Side

START = datetime(2026, 11, 1, tzinfo=UTC)
IDENTITY = {"source": "replay:bars.csv", "config_id": "0123456789ab"}
TRADE = {"side": "LONG", "net_return": -0.004, "reason": "stop"}
ORDER = {"side": "LONG", "share": 0.1, "stop_share": 0.01, "target_share": 0.02, "due_bars": 16}
VETO = {"name": "spread", "text": "0.3 % is wider than 0.2 % [of the price]"}


def bar_time(n: int) -> datetime:
    return START + n * ONE_BAR


def decided(n: int, **changes: object) -> Entry:
    """Level 2 answers BUY; every third bar is vetoed, every fifth closes a position."""
    closed = START + (n + 1) * ONE_BAR
    values = {
        "bar": Bar(bar_time(n), 100.0 + n, 102.5 + n, 99.25 + n, 101.0 + n, 12.5),
        "arrival": ("told 130 s after its close",) if n % 4 == 0 else (),
        "features": (float(n), 0.1, float("inf")) if n % 7 == 6 else (float(n), 0.1),
        "features_sha256": f"{n:064x}",
        "prediction": Prediction(
            Signal.BUY,
            0.5,
            Probabilities(0.2, 0.3, 0.5),
            2,
            (Attempt(1, "not finite: usd_jpy, nikkei_225"),),
        ),
        "version": 7,
        "model_sha256": "cd" * 32,
        "shadow": ({"level": 2, "version": 6, "signal": "HOLD", "confidence": 0.4},),
        "macro": {"ages_seconds": {"usd_jpy": 3600.5}, "stale": ["nikkei_225"]},
        "verdict": {
            "held": "FLAT",
            "side": "LONG",
            "score": 0.31,
            "view": {"reasons": ["BUY 0.50 (sell 0.20, hold 0.30, buy 0.50)"]},
            "consensus": {"direction": "LONG", "strength": 0.6, "opinions": {"ATRBased": 0.6}},
            "size": None,
            "exit": None,
            "extend_bars": None,
            "vetoes": [VETO] if n % 3 == 0 else [],
            "order": None if n % 3 == 0 else ORDER,
        },
        "order": None if n % 3 == 0 else ORDER,
        "fills": ({"side": "LONG", "price": 101.25, "partial": False},) if n % 5 == 0 else (),
        "trades": (TRADE | {"number": n},) if n % 5 == 0 else (),
        "equity_share": 1.0 + n / 1000,
        "side": Side.LONG,
        "position_share": 0.1,
        "latency_us": 640.5,
        "decided_at": closed + timedelta(microseconds=1_234_567),
    }
    return Entry(**values | changes)


def after(n: int) -> dict[str, object]:
    """What the bot goes on from after the n-th bar."""
    return {"desk": {"equity": 1.0 + n / 1000, "stop": float("inf")}, "n": n}


def copy_in_use(journal: Journal, to: Path) -> Path:
    """What a bot leaves that is killed now: the file, and the log that was not folded into it."""
    for end in ("", "-wal"):
        there = journal.path.with_name(journal.path.name + end)
        to.with_name(to.name + end).write_bytes(there.read_bytes())
    return to


def filled(path: Path, n_bars: int) -> Path:
    """A journal of so many bars, closed."""
    with Journal.open(path, identity=IDENTITY) as journal:
        for n in range(n_bars):
            journal.write(decided(n), after(n))
    return path
