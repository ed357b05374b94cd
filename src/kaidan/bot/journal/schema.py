"""The tables: columns for what is filtered and plotted, JSON for what is read one bar at a time."""

import json
import sqlite3
from array import array
from typing import Any

from kaidan.bot.journal.entry import Entry
from kaidan.bot.journal.instants import from_microseconds, from_seconds, microseconds, seconds
from kaidan.bot.journal.plain_json import to_json
from kaidan.market.bar import Bar
from kaidan.serving.prediction import Attempt, Prediction, Probabilities
from kaidan.signal import Signal
from kaidan.trading.policy import Side

VERSION = 1
TABLES = (
    "CREATE TABLE identity (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    """CREATE TABLE bars (
        open_time INTEGER PRIMARY KEY,
        open REAL NOT NULL, high REAL NOT NULL, low REAL NOT NULL, close REAL NOT NULL,
        volume REAL NOT NULL,
        signal TEXT NOT NULL, confidence REAL NOT NULL,
        p_sell REAL NOT NULL, p_hold REAL NOT NULL, p_buy REAL NOT NULL,
        level INTEGER, version INTEGER, model_sha256 TEXT, features_sha256 TEXT NOT NULL,
        n_vetoes INTEGER NOT NULL, n_trades INTEGER NOT NULL,
        equity_share REAL NOT NULL, side TEXT NOT NULL, position_share REAL NOT NULL,
        latency_us REAL NOT NULL, decided_at_us INTEGER NOT NULL,
        arrival TEXT NOT NULL, attempts TEXT NOT NULL, shadow TEXT NOT NULL, macro TEXT NOT NULL,
        verdict TEXT NOT NULL, order_json TEXT NOT NULL, fills TEXT NOT NULL, trades TEXT NOT NULL,
        features BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE notes (
        number INTEGER PRIMARY KEY,
        at_us INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE state (
        number INTEGER PRIMARY KEY CHECK (number = 1),
        open_time INTEGER NOT NULL, state TEXT NOT NULL
    ) STRICT""",
)
INSERT_BAR = """INSERT INTO bars VALUES (
    ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
)"""


def to_row(entry: Entry) -> tuple[Any, ...]:
    """An entry as a row of `bars`."""
    said = entry.prediction
    return (
        seconds(entry.bar.time),
        *map(float, entry.bar[1:]),
        said.signal.name,
        float(said.confidence),
        *map(float, said.probabilities),
        said.level,
        entry.version,
        entry.model_sha256,
        entry.features_sha256,
        len(entry.vetoes),
        len(entry.trades),
        float(entry.equity_share),
        entry.side.name,
        float(entry.position_share),
        float(entry.latency_us),
        microseconds(entry.decided_at),
        to_json(entry.arrival),
        to_json([[one.level, one.reason] for one in said.attempts]),
        to_json(entry.shadow),
        to_json(entry.macro),
        to_json(entry.verdict),
        to_json(entry.order),
        to_json(entry.fills),
        to_json(entry.trades),
        array("d", entry.features).tobytes(),
    )


def from_row(row: sqlite3.Row) -> Entry:
    """The entry that a row of `bars` was made of; numbers that JSON does not have are None."""
    return Entry(
        bar=Bar(
            from_seconds(row["open_time"]),
            *(row[name] for name in ("open", "high", "low", "close", "volume")),
        ),
        arrival=tuple(json.loads(row["arrival"])),
        features=tuple(array("d", row["features"])),
        features_sha256=row["features_sha256"],
        prediction=Prediction(
            signal=Signal[row["signal"]],
            confidence=row["confidence"],
            probabilities=Probabilities(row["p_sell"], row["p_hold"], row["p_buy"]),
            level=row["level"],
            attempts=tuple(Attempt(*one) for one in json.loads(row["attempts"])),
        ),
        version=row["version"],
        model_sha256=row["model_sha256"],
        shadow=tuple(json.loads(row["shadow"])),
        macro=json.loads(row["macro"]),
        verdict=json.loads(row["verdict"]),
        order=json.loads(row["order_json"]),
        fills=tuple(json.loads(row["fills"])),
        trades=tuple(json.loads(row["trades"])),
        equity_share=row["equity_share"],
        side=Side[row["side"]],
        position_share=row["position_share"],
        latency_us=row["latency_us"],
        decided_at=from_microseconds(row["decided_at_us"]),
    )
