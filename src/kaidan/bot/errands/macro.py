"""Errand `macro`: macro values of a file or the live sources, for a bot that has no pandas."""

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from kaidan.bot.errands.addresses import Addresses
from kaidan.home import kaidan_home
from kaidan.market.known_macro import KnownMacro
from kaidan.market.live_macro import fetch_macro
from kaidan.market.source import data_sha256, load_macro


def answer(arguments: Sequence[str]) -> dict[str, Any]:
    """Bring the macro values of a URI (`URI --now SECONDS --max-age SECONDS`), as plain JSON.

    `known` is a `KnownMacro` or None, `failures` says by series why it was not refreshed, and
    `data_sha256` is None for the live sources. A live source that answered within the maximum age
    is not asked again.

    Raises
    ------
    UsageError, DataError
        See `load_macro`.
    """
    parser = argparse.ArgumentParser("macro")
    parser.add_argument("uri")
    parser.add_argument("--now", type=float, required=True)
    parser.add_argument("--max-age", type=float, required=True)
    asked = parser.parse_args(arguments)
    if asked.uri != "live":
        frame = load_macro(asked.uri, bars_uri="", home=kaidan_home())
        sha256 = None if frame is None else data_sha256(frame, None)
        return {"known": _known(frame), "failures": {}, "data_sha256": sha256}
    addresses = Addresses()
    live = fetch_macro(
        kaidan_home() / "macro",
        now=datetime.fromtimestamp(asked.now, UTC),
        chart_url=addresses.chart_url,
        fear_greed_url=addresses.fear_greed_url,
        cache_age=timedelta(seconds=asked.max_age),
    )
    return {"known": _known(live.frame), "failures": live.failures, "data_sha256": None}


def _known(frame: pd.DataFrame | None) -> dict[str, Any] | None:
    if frame is None or frame.empty:
        return None
    return KnownMacro.from_frame(frame).to_dict()


if __name__ == "__main__":
    with redirect_stdout(sys.stderr):  # whatever a library prints is no part of the answer
        written = json.dumps(answer(sys.argv[1:]))
    sys.stdout.write(written)
