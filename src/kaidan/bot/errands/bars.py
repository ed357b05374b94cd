"""Errand `bars`: bars of a file or an exchange, for a bot that has neither pandas nor ccxt."""

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from kaidan.bot.sources.bars_answer import BarsAnswer
from kaidan.errors import UsageError
from kaidan.home import kaidan_home
from kaidan.market.bar import COLUMNS
from kaidan.market.candles import open_exchange
from kaidan.market.exchange import fetch_latest, stored_bars
from kaidan.market.gaps import find_gaps
from kaidan.market.source import data_sha256, load_bars


def answer(arguments: Sequence[str]) -> BarsAnswer:
    """Bring what is asked for.

    `replay FILE` is all of a file. `exchange NAME --since SECONDS --again M --now SECONDS` is what
    an exchange has since then, of which the newest M slots are asked for even if they are stored,
    and `stored NAME --since SECONDS` what is stored of that. Times are in epoch seconds.

    Raises
    ------
    DataError
        The file or the local history cannot be read.
    """
    parser = argparse.ArgumentParser("bars")
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("replay").add_argument("name")
    for kind in ("exchange", "stored"):
        command = kinds.add_parser(kind)
        command.add_argument("name")
        command.add_argument("--since", type=float, required=True)
        if kind == "exchange":
            command.add_argument("--again", type=int, required=True)
            command.add_argument("--now", type=float, required=True)
    asked = parser.parse_args(arguments)
    try:
        return {"replay": _replay, "exchange": _exchange, "stored": _stored}[asked.kind](asked)
    except UsageError as error:
        return BarsAnswer(np.empty((0, 6)), wrong_use=str(error))


def _replay(asked: argparse.Namespace) -> BarsAnswer:
    bars = load_bars(asked.name, days=None, home=kaidan_home())
    return BarsAnswer(
        _history(bars), data_sha256=data_sha256(bars, None), gaps=str(find_gaps(bars))
    )


def _exchange(asked: argparse.Namespace) -> BarsAnswer:
    # Settings libraries take 0.2 s, that a replay need not wait for.
    from kaidan.bot.errands.addresses import Addresses

    started = time.monotonic()
    latest = fetch_latest(
        asked.name,
        home=kaidan_home(),
        since=_time(asked.since),
        again=asked.again,
        now=_time(asked.now),
        client=open_exchange(asked.name.partition("/")[0], address=Addresses().exchange_url),
    )
    wall = asked.now + time.monotonic() - started
    return BarsAnswer(
        _history(latest.bars),
        failure=latest.failure,
        dropped=latest.dropped,
        spread_share=latest.spread_share,
        ahead_seconds=None if latest.clock is None else wall - latest.clock.timestamp(),
        gaps=_gaps(latest.bars),
    )


def _stored(asked: argparse.Namespace) -> BarsAnswer:
    bars = stored_bars(asked.name, home=kaidan_home(), since=_time(asked.since))
    return BarsAnswer(_history(bars), gaps=_gaps(bars))


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _gaps(bars: pd.DataFrame) -> str:
    return "no bars" if bars.empty else str(find_gaps(bars))


def _history(bars: pd.DataFrame) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    seconds = pd.DatetimeIndex(bars.index).as_unit("s").asi8.astype("float64")
    return np.column_stack([seconds, bars[list(COLUMNS)].to_numpy(dtype="float64")])


if __name__ == "__main__":
    with redirect_stdout(sys.stderr):  # whatever a library prints is no part of the answer
        written = answer(sys.argv[1:]).to_bytes()
    sys.stdout.buffer.write(written)
